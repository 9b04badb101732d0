/** The tables of docs/flows.md, written from the table of steps. */
import { FLOW_FINDING_CODES } from './findings';
import { rowOf, VERBS } from './table';
import type { Field, Verb, Ways } from './table';
import { BUILT_IN } from './template';

/** Markdown tables by the words that stand for them in the chapter. */
export function renderTables(): Readonly<Record<'steps' | 'keys' | 'names' | 'findings', string>> {
  return {
    steps: table(['step', 'does', 'behind it', 'leads to'], VERBS.map(stepLine)),
    keys: table(['in', 'key', '', 'default'], VERBS.flatMap(keyLines)),
    names: table(
      ['name', 'is'],
      Object.entries(BUILT_IN).map(([name, meaning]) => [`\`{{${name}}}\``, meaning]),
    ),
    findings: table(
      ['code', 'means'],
      Object.entries(FLOW_FINDING_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]),
    ),
  };
}

function stepLine(verb: Verb): readonly string[] {
  const { meaning, value, ways } = rowOf(verb);
  return [`\`${verb}\``, meaning, value.meaning, leadsTo(ways)];
}

function leadsTo(ways: Ways): string {
  switch (ways) {
    case 'end':
      return 'the end';
    case 'then':
      return '`then`';
    case 'input':
      return '`on` keys or words, `otherwise`, `silence`; or `then`';
    case 'subject':
      return '`on` what it may be, `otherwise`';
    default:
      return `\`on\` ${ways.map((outcome) => `\`${outcome}\``).join(', ')}, \`otherwise\`; or \`then\``;
  }
}

function keyLines(verb: Verb): readonly (readonly string[])[] {
  return Object.entries(rowOf(verb).fields).map(([key, field]) => [
    `\`${verb}\``,
    `\`${key}\``,
    field.meaning + rangeOf(field),
    field.required ? 'has to be there' : (field.default ?? ''),
  ]);
}

/** What whole numbers may be. */
function rangeOf({ is, meaning }: Field): string {
  if (is.type !== 'whole' || is.is.type !== 'integer' || /\d+ to \d+/.test(meaning)) return '';
  const { min, max } = is.is;
  return max === Number.MAX_SAFE_INTEGER ? ` At least ${min}.` : ` ${min} to ${max}.`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, heads.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.join(' | ').replaceAll(' |  |', ' | |')} |`,
  );
  return lines.join('\n');
}
