/** What people write, and what attackers send: one row a mistake, with the code and the place that it is found at. */

export interface Row {
  readonly what: string;
  readonly text: string;
  readonly code: string;
  /** Line and column. */
  readonly at: readonly [number, number];
  /** What to do, when that is said. */
  readonly advice?: string;
}

const steps = (...lines: readonly string[]): string => ['steps:', ...lines.map((line) => `  ${line}`)].join('\n');
const bye = 'bye: {say: Bye}';

export const ROWS: readonly Row[] = [
  // The file
  { what: 'nothing', text: '', code: 'not_a_flow', at: [1, 1] },
  { what: 'comments only', text: '# a flow\n', code: 'not_a_flow', at: [1, 1] },
  { what: 'plain text', text: 'hello', code: 'bad_value', at: [1, 1] },
  { what: 'a list', text: '- say: Hi', code: 'bad_value', at: [1, 1] },
  { what: 'no steps', text: 'voice: alice', code: 'not_a_flow', at: [1, 1] },
  { what: 'empty steps', text: 'steps:', code: 'not_a_flow', at: [1, 1] },
  {
    what: 'an unknown key at the top',
    text: `stepps: {}\n${steps(bye)}`,
    code: 'unknown_key',
    at: [1, 1],
    advice: 'write steps',
  },
  { what: 'more than 64 KiB', text: `# ${'x'.repeat(65_536)}`, code: 'too_large', at: [1, 1] },
  { what: 'more than 64 KiB of two-byte letters', text: `# ${'é'.repeat(32_768)}`, code: 'too_large', at: [1, 1] },
  { what: 'UTF-16 read as UTF-8', text: '\uFFFD\uFFFDs\0t\0e\0p\0', code: 'not_utf8', at: [1, 1] },
  { what: 'a NUL', text: 'steps:\n  a: {say: "b\0"}', code: 'not_utf8', at: [2, 14] },
  {
    what: 'a tab in the indentation',
    text: 'steps:\n\ta: {say: Hi}',
    code: 'not_yaml',
    at: [2, 1],
    advice: 'indent with spaces',
  },
  { what: 'a tab and 20 kB of brackets', text: `a:\n\tb:\n${'['.repeat(20_000)}`, code: 'not_yaml', at: [2, 1] },
  { what: '20 kB of brackets', text: '['.repeat(20_000), code: 'too_deep', at: [1, 12] },
  { what: '20 kB of braces', text: '{a: '.repeat(5_000), code: 'too_deep', at: [1, 42] },
  { what: 'crooked indentation', text: 'steps:\n  a:\n    say: Hi\n   then: b', code: 'not_yaml', at: [4, 4] },
  { what: 'an open quote', text: 'steps:\n  a: {say: "Hi}', code: 'not_yaml', at: [2, 16], advice: 'close the quotes' },
  { what: 'text with a colon', text: steps('a: {say: Hi}', 'b:', '  say: Note: this'), code: 'not_yaml', at: [4, 14] },
  { what: 'two documents', text: `${steps(bye)}\n---\n${steps(bye)}`, code: 'not_plain_yaml', at: [4, 1] },
  { what: 'a directive', text: `%YAML 1.1\n---\n${steps(bye)}`, code: 'not_plain_yaml', at: [1, 1] },
  { what: 'an anchor', text: steps('a: &x {say: Hi}'), code: 'not_plain_yaml', at: [2, 6] },
  { what: 'an alias', text: steps('a: {say: *x}'), code: 'not_plain_yaml', at: [2, 12] },
  {
    what: 'an alias bomb',
    text: steps('a: &a [x]', 'b: &b [*a, *a]', 'c: [*b, *b]'),
    code: 'not_plain_yaml',
    at: [3, 10],
  },
  { what: 'a merge key', text: steps('a: {say: Hi}', 'b: {<<: {say: Hi}}'), code: 'not_plain_yaml', at: [3, 7] },
  { what: 'a function of JavaScript', text: steps('a: {say: !!js/function "x"}'), code: 'not_plain_yaml', at: [2, 12] },
  {
    what: 'an object of Python',
    text: steps('a: !!python/object:os.system {say: Hi}'),
    code: 'not_plain_yaml',
    at: [2, 6],
  },
  { what: 'a tag of YAML', text: steps('a: {say: !!str Hi}'), code: 'not_plain_yaml', at: [2, 12] },
  { what: 'a key twice', text: steps('a: {say: Hi}', 'a: {say: Ho}'), code: 'duplicate_key', at: [3, 3] },
  { what: '__proto__ as a step', text: steps('__proto__: {say: Hi}', bye), code: 'bad_name', at: [2, 3] },
  {
    what: '__proto__ in a body',
    text: steps('a: {http: "https://a.example.com", json: {__proto__: {x: 1}}}'),
    code: 'bad_name',
    at: [2, 45],
  },
  { what: 'a list as a key', text: steps('? [a]', ': {say: Hi}'), code: 'not_yaml', at: [2, 5] },

  // Text that some readers of YAML take for something else
  {
    what: 'a number without quotes',
    text: steps('a: {dial: +15551234567}'),
    code: 'quote_it',
    at: [2, 13],
    advice: 'quote it: "+15551234567"',
  },
  {
    what: 'a leading zero',
    text: `variables: {code: 0123}\n${steps('a: {say: "{{code}}"}')}`,
    code: 'quote_it',
    at: [1, 19],
    advice: 'quote it: "0123"',
  },
  { what: 'a time', text: `variables: {time: 22:30}\n${steps('a: {say: "{{time}}"}')}`, code: 'quote_it', at: [1, 19] },
  {
    what: 'a date',
    text: `variables: {day: 2026-11-28}\n${steps('a: {say: "{{day}}"}')}`,
    code: 'quote_it',
    at: [1, 18],
  },
  {
    what: 'no as a value',
    text: `variables: {answer: no}\n${steps('a: {say: "{{answer}}"}')}`,
    code: 'quote_it',
    at: [1, 21],
  },
  {
    what: 'yes as a key',
    text: steps('a: {gather: Well?, speech: true, on: {yes: bye}, otherwise: bye}', bye),
    code: 'quote_it',
    at: [2, 41],
    advice: 'quote it: "yes"',
  },
  { what: 'no as a step', text: steps('no: {say: Hi}'), code: 'quote_it', at: [2, 3] },
  { what: 'a decimal', text: steps('a: {say: 1.50}'), code: 'quote_it', at: [2, 12] },
  {
    what: 'braces without quotes',
    text: `variables: {a: b}\n${steps('a: {say: {{a}}}')}`,
    code: 'quote_it',
    at: [3, 12],
  },

  // Steps
  { what: 'a step that is text', text: steps('a: Hello'), code: 'bad_value', at: [2, 6] },
  { what: 'a step that is nothing', text: steps('a:'), code: 'bad_value', at: [2, 3] },
  { what: 'a step without a verb', text: steps('a: {then: b}', 'b: {say: Hi}'), code: 'no_verb', at: [2, 3] },
  { what: 'a verb in the wrong case', text: steps('a: {Say: Hi}'), code: 'no_verb', at: [2, 7], advice: 'write say' },
  {
    what: 'a verb with a typing error',
    text: steps('a: {gahter: Hi, digits: 1}'),
    code: 'no_verb',
    at: [2, 7],
    advice: 'write gather',
  },
  { what: 'two verbs', text: steps('a: {say: Hi, play: "https://a.example.com/b.mp3"}'), code: 'no_verb', at: [2, 16] },
  {
    what: 'an unknown key',
    text: steps('a: {say: Hi, vioce: alice}'),
    code: 'unknown_key',
    at: [2, 16],
    advice: 'write voice',
  },
  { what: 'a key of another verb', text: steps('a: {say: Hi, digits: 1}'), code: 'unknown_key', at: [2, 16] },
  { what: 'a step called hangup', text: steps('hangup: {say: Hi}'), code: 'bad_name', at: [2, 3] },
  { what: 'a step with a space', text: steps('say hello: {say: Hi}'), code: 'bad_name', at: [2, 3] },
  {
    what: 'a variable called clock',
    text: `variables: {clock: x}\n${steps('a: {say: "{{clock}}"}')}`,
    code: 'bad_name',
    at: [1, 13],
  },
  {
    what: 'a variable with a hyphen',
    text: `variables: {first-name: x}\n${steps(bye)}`,
    code: 'bad_name',
    at: [1, 13],
  },
  { what: 'say without text', text: steps('a: {say: }'), code: 'missing_key', at: [2, 7] },
  { what: 'say with spaces', text: steps('a: {say: "  "}'), code: 'bad_value', at: [2, 12] },
  { what: 'say with a list', text: steps('a: {say: [Hi]}'), code: 'bad_value', at: [2, 12] },
  { what: 'say with too much', text: steps(`a: {say: "${'x'.repeat(3001)}"}`), code: 'text_too_long', at: [2, 12] },
  { what: 'a voice that there is not', text: `voice: Joanna\n${steps(bye)}`, code: 'bad_value', at: [1, 8] },
  {
    what: 'a pause that is too long',
    text: steps('a: {pause: 500}'),
    code: 'bad_value',
    at: [2, 14],
    advice: 'write "180"',
  },
  { what: 'a pause in quotes', text: steps('a: {pause: "2"}'), code: 'bad_value', at: [2, 14] },
  { what: 'a pause with a unit', text: steps('a: {pause: 2s}'), code: 'bad_value', at: [2, 14] },
  { what: 'play of a file', text: steps('a: {play: hello.mp3}'), code: 'bad_value', at: [2, 13] },
  { what: 'play of a file: address', text: steps('a: {play: "file:///etc/passwd"}'), code: 'bad_value', at: [2, 13] },
  {
    what: 'play of this machine',
    text: steps('a: {play: "http://127.0.0.1/a.mp3"}'),
    code: 'unreachable_host',
    at: [2, 13],
  },
  {
    what: 'a host from a variable',
    text: `variables: {h: x}\n${steps('a: {http: "https://{{h}}/x"}')}`,
    code: 'bad_value',
    at: [3, 13],
  },

  // Asking
  {
    what: 'gather without digits or speech',
    text: steps('a: {gather: Hi, otherwise: bye}', bye),
    code: 'missing_key',
    at: [2, 3],
  },
  { what: 'gather without otherwise', text: steps('a: {gather: Hi, digits: 1}'), code: 'missing_key', at: [2, 6] },
  {
    what: 'digits beyond 128',
    text: steps('a: {gather: Hi, digits: 129, otherwise: hangup}'),
    code: 'bad_value',
    at: [2, 27],
  },
  {
    what: 'digits the wrong way round',
    text: steps('a: {gather: Hi, digits: 4-2, otherwise: hangup}'),
    code: 'bad_value',
    at: [2, 27],
  },
  {
    what: 'a timeout of 0',
    text: steps('a: {gather: Hi, digits: 1, timeout: 0, otherwise: hangup}'),
    code: 'bad_value',
    at: [2, 39],
  },
  {
    what: 'keys that are none',
    text: steps('a: {gather: Hi, digits: 1, keys: "12a", otherwise: hangup}'),
    code: 'bad_value',
    at: [2, 36],
  },
  {
    what: 'a key of two digits where one is asked for',
    text: steps('a: {gather: Hi, digits: 1, on: {"12": bye}, otherwise: bye}', bye),
    code: 'impossible_key',
    at: [2, 35],
  },
  {
    what: 'a key that is not among keys',
    text: steps('a: {gather: Hi, digits: 1, keys: "12", on: {"3": bye}, otherwise: bye}', bye),
    code: 'impossible_key',
    at: [2, 47],
  },
  {
    what: 'a key that ends the input',
    text: steps('a: {gather: Hi, digits: 1, on: {"#": bye}, otherwise: bye}', bye),
    code: 'impossible_key',
    at: [2, 35],
  },
  {
    what: 'a word where only keys count',
    text: steps('a: {gather: Hi, digits: 1, on: {sales: bye}, otherwise: bye}', bye),
    code: 'impossible_key',
    at: [2, 35],
  },
  {
    what: 'the same word twice',
    text: steps('a: {gather: Hi, speech: true, on: {Sales: bye, sales: bye}, otherwise: bye}', bye),
    code: 'impossible_key',
    at: [2, 50],
  },
  {
    what: 'then beside on',
    text: steps('a: {gather: Hi, digits: 1, on: {"1": bye}, then: bye, otherwise: bye}', bye),
    code: 'misplaced_key',
    at: [2, 46],
  },
  {
    what: 'saved in no variable',
    text: steps('a: {gather: Hi, digits: 1, save: x, otherwise: hangup}'),
    code: 'unknown_variable',
    at: [2, 36],
  },

  // People
  { what: 'a number that is none', text: steps('a: {dial: 555-1234}'), code: 'bad_value', at: [2, 13] },
  {
    what: 'a number with spaces',
    text: steps('a: {dial: "+1 (555) 123-4567"}'),
    code: 'bad_value',
    at: [2, 13],
    advice: 'write "+15551234567"',
  },
  {
    what: 'a number with two zeros',
    text: steps('a: {transfer: "0015551234567"}'),
    code: 'bad_value',
    at: [2, 17],
    advice: 'write "+15551234567"',
  },
  {
    what: 'a SIP address without sip:',
    text: steps('a: {dial: {sip: ana@example.com}}'),
    code: 'bad_value',
    at: [2, 19],
    advice: 'write "sip:ana@example.com"',
  },
  {
    what: 'a destination of two kinds',
    text: steps('a: {dial: {queue: a, conference: b}}'),
    code: 'bad_value',
    at: [2, 13],
  },
  { what: 'a transfer into a queue', text: steps('a: {transfer: {queue: a}}'), code: 'unknown_key', at: [2, 18] },
  {
    what: 'an outcome that there is not',
    text: steps('a: {dial: "+15551234567", on: {noanswer: bye}}', bye),
    code: 'impossible_key',
    at: [2, 34],
    advice: 'write "no-answer"',
  },
  {
    what: 'otherwise without on',
    text: steps('a: {dial: "+15551234567", otherwise: bye}', bye),
    code: 'misplaced_key',
    at: [2, 29],
    advice: 'write then',
  },
  { what: 'an agent without a type', text: steps('a: {agent: {client_id: ana}}'), code: 'bad_value', at: [2, 14] },
  {
    what: 'an agent of another type',
    text: steps('a: {agent: {type: fax, number: "+15551234567"}}'),
    code: 'bad_value',
    at: [2, 21],
  },
  { what: 'an agent without its name', text: steps('a: {agent: {type: webrtc}}'), code: 'missing_key', at: [2, 14] },
  {
    what: 'a client_id with a space',
    text: steps('a: {agent: {type: webrtc, client_id: a b}}'),
    code: 'bad_value',
    at: [2, 40],
  },
  {
    what: 'a recording of a day',
    text: steps('a: {record: Hi, max: 86400}'),
    code: 'bad_value',
    at: [2, 24],
    advice: 'write "14400"',
  },
  { what: 'a flag that is yes', text: steps('a: {record: Hi, beep: yes}'), code: 'bad_value', at: [2, 25] },
  {
    what: 'then after a transfer',
    text: steps('a: {transfer: "+15551234567", then: bye}', bye),
    code: 'misplaced_key',
    at: [2, 33],
  },

  // Servers
  {
    what: 'a method that there is not',
    text: steps('a: {http: "https://a.example.com", method: FETCH}'),
    code: 'bad_value',
    at: [2, 46],
  },
  {
    what: 'the header Host',
    text: steps('a: {http: "https://a.example.com", headers: {Host: b}}'),
    code: 'bad_value',
    at: [2, 48],
  },
  {
    what: 'a header with a line end in its name',
    text: steps('a: {http: "https://a.example.com", headers: {"a\\nb": c}}'),
    code: 'bad_value',
    at: [2, 48],
  },
  {
    what: 'a time-out of a minute',
    text: steps('a: {http: "https://a.example.com", timeout: 60}'),
    code: 'bad_value',
    at: [2, 47],
  },
  {
    what: 'a path with a space',
    text: `variables: {x: y}\n${steps('a: {http: "https://a.example.com", save: {x: a b}}')}`,
    code: 'bad_value',
    at: [3, 48],
  },

  // Ways
  {
    what: 'an unknown step',
    text: steps('a: {say: Hi, then: byee}', bye),
    code: 'unknown_step',
    at: [2, 22],
    advice: 'write bye',
  },
  {
    what: 'a step to repeat that there is not',
    text: steps('a: {repeat: b, times: 2}'),
    code: 'unknown_step',
    at: [2, 15],
  },
  { what: 'repeat without times', text: steps('a: {say: Hi}', 'b: {repeat: a}'), code: 'missing_key', at: [3, 6] },
  { what: 'repeat of itself', text: steps('a: {repeat: a, times: 2}'), code: 'bad_value', at: [2, 3] },
  {
    what: 'a round that waits for nobody',
    text: steps('a: {say: Hi}', 'b: {set: {}, then: a}'),
    code: 'endless_loop',
    at: [2, 3],
  },
  { what: 'a step that leads to itself', text: steps('a: {say: Hi, then: a}'), code: 'endless_loop', at: [2, 3] },
  {
    what: 'a repeat that leads to itself when it is done',
    text: steps('a: {say: Hi}', 'b: {repeat: a, times: 2, then: b}'),
    code: 'endless_loop',
    at: [3, 3],
  },
  {
    what: 'a branch about an unknown thing',
    text: steps('a: {branch: machin, on: {person: bye}, otherwise: bye}', bye),
    code: 'bad_value',
    at: [2, 15],
    advice: 'write machine',
  },
  {
    what: 'a branch without on',
    text: steps('a: {branch: machine, otherwise: bye}', bye),
    code: 'misplaced_key',
    at: [2, 24],
  },
  {
    what: 'a branch without otherwise',
    text: steps('a: {branch: machine, on: {machine: bye}}', bye),
    code: 'missing_key',
    at: [2, 6],
  },
  {
    what: 'a verdict that there is not',
    text: steps('a: {branch: machine, on: {human: bye}, otherwise: bye}', bye),
    code: 'impossible_key',
    at: [2, 29],
  },
  {
    what: 'a clock without a zone',
    text: steps('a: {branch: clock, on: {mon-fri: bye}, otherwise: bye}', bye),
    code: 'missing_key',
    at: [2, 3],
  },
  {
    what: 'a zone that is an offset',
    text: steps('a: {branch: clock, zone: "+02:00", on: {mon: bye}, otherwise: bye}', bye),
    code: 'bad_value',
    at: [2, 28],
  },
  {
    what: 'a zone with a typing error',
    text: steps('a: {branch: clock, zone: Amerika/New_York, on: {mon: bye}, otherwise: bye}', bye),
    code: 'bad_value',
    at: [2, 28],
    advice: 'write America/New_York',
  },
  {
    what: 'an hour that there is not',
    text: steps('a: {branch: clock, zone: UTC, on: {mon 25:00-26:00: bye}, otherwise: bye}', bye),
    code: 'impossible_key',
    at: [2, 38],
  },
  {
    what: 'a day that there is not',
    text: steps('a: {branch: clock, zone: UTC, on: {mon-fry: bye}, otherwise: bye}', bye),
    code: 'impossible_key',
    at: [2, 38],
  },

  // Variables
  {
    what: 'an undeclared variable',
    text: `variables: {name: x}\n${steps('a: {say: "Hi {{nmae}} {{name}}"}')}`,
    code: 'unknown_variable',
    at: [3, 12],
    advice: 'write name',
  },
  { what: 'a variable of the API', text: steps('a: {say: "{{to_phone}}"}'), code: 'unknown_variable', at: [2, 12] },
  {
    what: 'code in braces',
    text: steps('a: {say: "{{constructor.constructor(\'x\')()}}"}'),
    code: 'unknown_variable',
    at: [2, 12],
  },
  { what: 'open braces', text: steps('a: {say: "Hi {{name"}'), code: 'unknown_variable', at: [2, 12] },
  {
    what: 'a default that is too long',
    text: `variables: {a: ${'x'.repeat(1001)}}\n${steps('a: {say: "{{a}}"}')}`,
    code: 'bad_value',
    at: [1, 16],
  },
  {
    what: '51 variables',
    text: `variables: {${Array.from({ length: 51 }, (_, index) => `v${index}: x`).join(', ')}}\n${steps(bye)}`,
    code: 'too_many',
    at: [1, 12],
  },
  {
    what: '201 steps',
    text: steps(...Array.from({ length: 201 }, (_, index) => `s${index}: {say: Hi}`)),
    code: 'too_many',
    at: [2, 3],
  },
];

/** These may be played. */
export const DOUBTFUL: readonly Row[] = [
  {
    what: 'a step that nothing leads to',
    text: steps('a: {say: Hi, then: hangup}', bye),
    code: 'unreachable_step',
    at: [3, 3],
  },
  {
    what: 'a variable that nothing uses',
    text: `variables: {a: x}\n${steps(bye)}`,
    code: 'unused_variable',
    at: [1, 13],
  },
];
