/** Flows that cannot be: each is refused in its place, with a code and what to do, and nothing else happens. */
import fc from 'fast-check';
import { FLOW_FINDING_CODES } from '../../../flows/findings';
import { parseFlow } from '../../../flows/language';
import { DOUBTFUL, ROWS } from './impossible-flows';

test.each(ROWS)('$what is refused', ({ text, code, at: [line, column], advice }) => {
  const { flow, findings } = parseFlow('bad', text);
  expect(flow).toBeNull();
  expect(findings.map((finding) => [finding.code, finding.line, finding.column])).toContainEqual([code, line, column]);
  expect(findings).toContainEqual(
    expect.objectContaining(advice === undefined ? { code } : { code, suggestion: advice }),
  );
});

test.each(DOUBTFUL)('$what is only a warning', ({ text, code, at: [line, column] }) => {
  const { flow, findings } = parseFlow('doubtful', text);
  expect(flow).not.toBeNull();
  expect(findings).toMatchObject([{ code, line, column, severity: 'warning' }]);
});

test('every code has its flow', () => {
  const known = new Set([...ROWS, ...DOUBTFUL].map(({ code }) => code));
  expect(Object.keys(FLOW_FINDING_CODES).filter((code) => !known.has(code))).toEqual([]);
});

test('a mistake is told in at most two ways', () => {
  const codesOf = (text: string) =>
    parseFlow('bad', text).findings.flatMap(({ code, severity }) => (severity === 'error' ? [code] : []));
  const several = ROWS.filter(({ text }) => new Set(codesOf(text)).size > 2).map(({ what }) => what);
  expect(several).toEqual([]);
});

test.each([
  ['CR LF', 'steps:\r\n  a:\r\n    say: Hi\r\n'],
  ['a byte order mark', '\uFEFFsteps:\n  a: {say: Hi}\n'],
  ['JSON', '{"steps": {"a": {"say": "Hi"}}}'],
  ['a whole number as text', 'variables: {n: 5}\nsteps: {a: {say: "{{n}}"}}'],
  ['names of things that every object has', 'variables: {constructor: x}\nsteps: {toString: {say: "{{constructor}}"}}'],
  ['dollars and braces', 'steps: {a: {say: "${process.env.HOME} costs $5 {really}"}}'],
])('%s is taken', (_what, text) => {
  expect(parseFlow('good', text)).toMatchObject({ findings: [], flow: { name: 'good' } });
});

test('nothing throws, and nothing is changed, whatever the text', () => {
  const piece = fc.constantFrom(
    ...[
      'steps:',
      'variables:',
      '  a:',
      '    say: ',
      'on: ',
      '"1": ',
      '{{',
      '}}',
      '*x',
      '&x ',
      '!!',
      '? ',
      '- ',
      '<<: ',
      '\t',
    ],
    ...[
      '__proto__: ',
      'constructor: ',
      '\n',
      ' ',
      '[',
      ']',
      '{',
      '}',
      '|',
      '>-',
      '#',
      '"',
      "'",
      ': ',
      ',',
      '%',
      '@',
      '\u2028',
    ],
    ...['gather: ', 'digits: 1', 'repeat: a', 'branch: clock', 'zone: UTC', 'null', '~', '---\n', '...'],
  );
  const text = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 40 });
  fc.assert(
    fc.property(text, (pieces) => {
      const { flow, findings } = parseFlow('any', pieces.join(''));
      expect(flow !== null || findings.length > 0).toBe(true);
      for (const { line, column } of findings) expect(Math.min(line, column)).toBeGreaterThan(0);
    }),
    { numRuns: 2000 },
  );
  expect(Object.keys(Object.prototype)).toEqual([]);
});
