/** What holds for every flow, whatever a carrier sends. */
import fc from 'fast-check';
import { begin, step } from '../../../flows/engine';
import type { Input, Position, Turn } from '../../../flows/script';
import { parseTexml } from '../../../texml/reader';
import { writeTexml } from '../../../texml/writer';
import { anyFlow, anyInput, anyText, aScene } from './some-flows';

const anyScript = fc
  .record({ flow: anyFlow, a: anyText, b: anyText })
  .map(({ flow, a, b }) => ({ kind: 'flow' as const, flow, variables: { a, b } }));

const ends = (turn: Turn): boolean => {
  const last = turn.kind === 'document' ? turn.document.children.at(-1) : undefined;
  return typeof last === 'object' && last.name === 'Hangup';
};

test('every document is one that Telnyx takes', () => {
  fc.assert(
    fc.property(anyScript, fc.array(anyInput, { maxLength: 12 }), (script, inputs) => {
      let position = begin(script);
      for (const [index, input] of inputs.entries()) {
        const turn = step(script, position, input, { ...aScene, number: index + 1 });
        position = turn.position;
        if (turn.kind === 'errand') continue;
        const errors = parseTexml(writeTexml(turn.document)).findings.filter(({ severity }) => severity === 'error');
        expect(errors).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test('the same input at the same place gives the same turn, also when the place comes from Temporal', () => {
  fc.assert(
    fc.property(anyScript, fc.array(anyInput, { maxLength: 6 }), (script, inputs) => {
      let position = begin(script);
      for (const input of inputs) {
        const turn = step(script, position, input, aScene);
        const kept = JSON.parse(JSON.stringify({ script, position, input })) as {
          readonly script: typeof script;
          readonly position: Position;
          readonly input: Input;
        };
        expect(step(kept.script, kept.position, kept.input, aScene)).toEqual(turn);
        expect(JSON.parse(JSON.stringify(turn))).toEqual(turn);
        position = turn.position;
      }
    }),
    { numRuns: 150 },
  );
});

test('every flow ends, when the same things come again and again', () => {
  fc.assert(
    fc.property(anyScript, fc.array(anyInput, { minLength: 1, maxLength: 3 }), (script, inputs) => {
      let position = begin(script);
      // Wherever a report is waited for, one has to come; else its errand is asked for for ever.
      const answers: readonly Input[] = [...inputs, { kind: 'report', report: { kind: 'verdict', verdict: 'person' } }];
      for (let count = 0; ; count += 1) {
        const input = answers[count % answers.length] ?? { kind: 'asked', fields: {}, target: 0 };
        const turn = step(script, position, input, aScene);
        position = turn.position;
        if (ends(turn)) return;
        if (count > 20_000) throw new Error(`still going on: ${JSON.stringify(position)}`);
      }
    }),
    { numRuns: 40 },
  );
});
