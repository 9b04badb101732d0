/** What a flow tells of itself: variables, machines, its picture. */
import { completeVariables, listensForMachines, variablesOf, waysOf } from '../../../flows/flow';
import { renderGraph } from '../../../flows/graph';
import { flowOf } from './some-flows';

const greeting = flowOf('variables: {name: , time: nine}\nsteps: {a: {say: "{{name}} {{time}}"}}');

test('a variable without a default has to be given', () => {
  expect(variablesOf(greeting)).toEqual([
    { name: 'name', isRequired: true },
    { name: 'time', isRequired: false },
  ]);
  expect(completeVariables(greeting, { name: '' })).toEqual({
    kind: 'complete',
    variables: { name: '', time: 'nine' },
  });
  expect(completeVariables(greeting, { name: 'Ana', time: 'ten' })).toEqual({
    kind: 'complete',
    variables: { name: 'Ana', time: 'ten' },
  });
});

test.each([
  [{}, 'name', 'missing'],
  [{ name: null }, 'name', 'missing'],
  [{ name: 5 }, 'name', 'not_text'],
  [{ name: {} }, 'name', 'not_text'],
  [{ name: 'x'.repeat(1001) }, 'name', 'too_long'],
  [{ name: 'x', nmae: 'y' }, 'nmae', 'unknown'],
  [{ name: 'x', toString: 'y' }, 'toString', 'unknown'],
  [JSON.parse('{"name": "x", "__proto__": "y"}'), '__proto__', 'unknown'],
])('%j is incomplete', (given: Readonly<Record<string, unknown>>, name, code) => {
  expect(completeVariables(greeting, given)).toMatchObject({ kind: 'incomplete', problems: [{ name, code }] });
});

test('a flow listens for machines when a step branches on them', () => {
  expect(listensForMachines(greeting)).toBe(false);
  const flow = flowOf('steps: {a: {branch: machine, on: {machine: b}, otherwise: b}, b: {say: Hi}}');
  expect(listensForMachines(flow)).toBe(true);
});

test('every way out of a step is known', () => {
  const flow = flowOf(`steps:
  a: {gather: Hi, digits: 1, on: {"1": b}, otherwise: c}
  b: {dial: "+15551234567", on: {busy: c}}
  c: {branch: machine, on: {machine: a, person: d}}
  d: {repeat: a, times: 2, then: hangup}
  e: {http: "https://a.example.com"}`);
  expect(
    flow.steps.map((step) =>
      waysOf(step)
        .map(({ when, to }) => `${when}>${to ?? ''}`)
        .join(' '),
    ),
  ).toEqual(['1>b otherwise>c silence>c', 'busy>c otherwise>c', 'machine>a person>d', '2 times>a then>', '>']);
});

test('a graph has a box for each step, and what leads on at its edges', () => {
  const flow = flowOf(`steps:
  end: {gather: 'Say "yes" or press 1 <now> #1, or say nothing at all', digits: 1, speech: true, on: {"1": b, "yes": b}, otherwise: hangup}
  b: {transfer: {sip: "sip:ana@example.com"}}`);
  expect(renderGraph(flow)).toBe(
    [
      'flowchart TD',
      '  s1["end<br>gather Say #34;yes#34; or press 1 #60;now#62; #35;1, or say n…"]',
      '  s2["b<br>transfer sip:ana@example.com"]',
      '  over(("hang up"))',
      '  s1 -->|"1, yes"| s2',
      '  s1 -->|"otherwise, silence"| over',
      '  s2 --> over',
    ].join('\n'),
  );
});
