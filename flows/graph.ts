/** A flow as a picture: text for Mermaid, which GitHub and many editors draw. */
import { waysOf } from './flow';
import type { Flow, FlowStep, Way } from './flow';

/** A flowchart from top to bottom, with what leads from step to step along its edges. */
export function renderGraph({ steps }: Flow): string {
  const idOf = (name: string | null): string => {
    // Names of steps may be words of Mermaid's, as "end".
    return name === null ? 'over' : `s${steps.findIndex((step) => step.name === name) + 1}`;
  };
  const boxes = steps.map((step) => `  ${idOf(step.name)}["${step.name}<br>${inQuotes(aboutOf(step))}"]`);
  const edges = steps.flatMap((step) =>
    joined(endsOf(step)).map(({ when, to }) => {
      const label = when === '' ? '' : `|"${inQuotes(when)}"|`;
      return `  ${idOf(step.name)} -->${label} ${idOf(to)}`;
    }),
  );
  const isOver = edges.some((edge) => edge.endsWith(' over'));
  return ['flowchart TD', ...boxes, ...(isOver ? ['  over(("hang up"))'] : []), ...edges].join('\n');
}

function endsOf(step: FlowStep): readonly Way[] {
  return step.does === 'hangup' || step.does === 'transfer' ? [{ when: '', to: null }] : waysOf(step);
}

/** One edge where several ways lead to the same step: `1, yes`. */
function joined(ways: readonly Way[]): readonly Way[] {
  const targets = [...new Set(ways.map(({ to }) => to))];
  return targets.map((to) => {
    const words = ways.filter((way) => way.to === to).map(({ when }) => when);
    return { when: words.filter((word) => word !== '').join(', '), to };
  });
}

const SHOWN_LETTERS = 40;

/** What the step does, and the beginning of what it is about. */
function aboutOf({ does, value }: FlowStep): string {
  const parts: readonly unknown[] = typeof value === 'object' ? Object.values(value ?? {}) : [value];
  const last = parts.at(-1);
  const text = (typeof last === 'string' || typeof last === 'number' ? String(last) : '').replace(/\s+/g, ' ');
  return `${does} ${text.length > SHOWN_LETTERS ? `${text.slice(0, SHOWN_LETTERS - 1)}…` : text}`.trim();
}

/** Mermaid has HTML's names for what means something to it. */
function inQuotes(text: string): string {
  return text.replace(/[&<>"#]/g, (character) => `#${character.charCodeAt(0)};`);
}
