/**
 * What TeXML calls follow, as a table: flows of every kind of step, the examples that the flows' authors are shown, and
 * documents of a customer's server (`customer.ts`). A new kind is a new row.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TexmlHandler } from '../domain/call';
import { completeVariables, listensForMachines, variablesOf } from '../flows/flow';
import { parseFlow } from '../flows/language';
import type { DocumentScript, Script } from '../flows/script';
import type { Weighted } from './chance';
import { CUSTOMER } from './customer';

export interface ScriptRow extends Weighted {
  readonly kind: string;
  readonly script: Script;
  readonly handler: TexmlHandler;
}

/** Whom flows dial. */
export const COLLEAGUE = '+15557770090';
/** What a script says to machines only. */
export const MACHINE_HEARS = 'This is a message for a machine.';
export const BROWSER = 'sip:ann@sip.telnyx.com';

const EXAMPLES = join(__dirname, '../flows/examples');

const FLOWS: Readonly<Record<string, string>> = {
  'a menu': `
    steps:
      ask:
        gather: Press 1 for sales, 2 for support, or 9 to hear no more of us.
        digits: 1
        keys: '129'
        timeout: 3
        on: {'1': sales, '2': support, '9': never}
        otherwise: again
      sales: {say: You chose sales., then: hangup}
      support: {say: You chose support., then: ask}
      never: {say: We call no more., then: hangup}
      again: {repeat: ask, times: 2}
      missed: {say: We could not hear you.}`,
  'words or keys': `
    steps:
      ask:
        gather: Do you want to go on?
        digits: 1
        speech: true
        timeout: 2
        on: {'1': good, 'yes': good, 'no': bad}
        otherwise: ask_again
        silence: hangup
      good: {say: Good., then: ask_again}
      bad: {say: A pity., then: hangup}
      ask_again: {repeat: ask, times: 3}`,
  'a survey': `
    variables: {first: '', second: ''}
    steps:
      welcome: {say: Three questions.}
      one: {gather: 'How was it, from 1 to 9?', digits: 1, timeout: 3, save: first, then: two, otherwise: retry, silence: retry}
      retry: {repeat: one, times: 1}
      two: {gather: 'And the price?', digits: 1-2, finish: '#', timeout: 2, save: second, then: send, otherwise: send, silence: send}
      send:
        http: https://shop.example.com/answers
        json: {first: '{{first}}', second: '{{second}}'}
        on: {ok: thanks}
        otherwise: sorry
      thanks: {say: 'Thank you for {{first}} and {{second}}.', then: hangup}
      sorry: {say: We could not keep that.}`,
  'an agent': `
    steps:
      connect: {say: I connect you.}
      agent: {agent: {type: webrtc, client_id: ann}, timeout: 15, limit: 60, on: {answered: bye}, otherwise: number}
      number: {dial: '${COLLEAGUE}', timeout: 20, limit: 60, recording: true, on: {answered: bye}, otherwise: nobody}
      bye: {say: Goodbye., then: hangup}
      nobody: {say: Nobody is there.}`,
  'a transfer': `
    steps:
      connect: {say: One moment.}
      colleague: {transfer: '${COLLEAGUE}', timeout: 10}`,
  'a recording': `
    variables: {message: ''}
    steps:
      ask: {record: Tell us more after the beep., max: 8, timeout: 2, save: message, on: {recorded: thanks}, otherwise: none}
      thanks: {say: 'We keep it. Another one?'}
      more: {record: , max: 4, timeout: 2, then: bye}
      none: {say: There was nothing.}
      bye: {say: Goodbye.}`,
  'a queue': `
    steps:
      wait: {say: Please wait.}
      line: {enqueue: sales, max_wait: 20, on: {timeout: sorry}, otherwise: sorry}
      sorry: {say: Everybody is busy.}`,
  'a server': `
    variables: {balance: ''}
    steps:
      ask:
        http: https://shop.example.com/balance
        timeout: 4
        save: {balance: account.balance}
        on: {ok: tell}
        otherwise: sorry
      tell: {say: 'You have {{balance}}.', then: more}
      sorry: {say: Our books are closed.}
      more: {gather: Again?, digits: 1, timeout: 2, on: {'1': ask}, otherwise: hangup, silence: hangup}`,
  'a message for machines': `
    steps:
      who: {branch: machine, on: {machine: drop}, otherwise: greet}
      drop: {say: ${MACHINE_HEARS}, then: hangup}
      greet: {gather: 'Hello. Press 1 to go on.', digits: 1, timeout: 3, on: {'1': thanks}, otherwise: bye, silence: bye}
      thanks: {say: Thank you.}
      bye: {say: Goodbye.}`,
  'a loop': `
    steps:
      ask: {gather: Are you there?, digits: 1, timeout: 2, on: {'1': ask}, otherwise: ask, silence: ask}`,
};

const WEIGHTS: Readonly<Record<string, number>> = { 'a loop': 0.3, 'a message for machines': 3 };

/** Throws when a flow of the table, or an example, is none. */
function flowRow(name: string, text: string, weight: number): ScriptRow {
  const { flow, findings } = parseFlow(name, text);
  if (flow === null) throw new Error(`${name} is no flow: ${JSON.stringify(findings)}`);
  const given = variablesOf(flow).flatMap(({ name: one, isRequired }) => (isRequired ? [[one, 'Ann']] : []));
  const completed = completeVariables(flow, Object.fromEntries(given) as Record<string, string>);
  if (completed.kind === 'incomplete') throw new Error(`${name}: ${JSON.stringify(completed.problems)}`);
  const handler = { type: 'texml', source: 'flow', name, version: '1', listens: listensForMachines(flow) } as const;
  return { kind: name, weight, script: { kind: 'flow', flow, variables: completed.variables }, handler };
}

function documentsRow(kind: string, first: DocumentScript['first'], fallback: boolean): ScriptRow {
  const source = 'url' in first ? 'url' : 'document';
  return {
    kind,
    weight: 1,
    script: { kind: 'documents', first, fallbackUrl: fallback ? `${CUSTOMER}/fallback` : null },
    handler: { type: 'texml', source, name: null, version: null, listens: false },
  };
}

const examples = (): readonly ScriptRow[] =>
  readdirSync(EXAMPLES)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => flowRow(`example: ${basename(file, '.yaml')}`, readFileSync(join(EXAMPLES, file), 'utf8'), 0.5));

const MENU =
  `<Response><Gather numDigits="1" timeout="3" action="${CUSTOMER}/menu"><Say>Press 1 or 2.</Say></Gather>` +
  `<Say>Nothing came.</Say></Response>`;

export const SCRIPTS: readonly ScriptRow[] = [
  ...Object.entries(FLOWS).map(([name, text]) => flowRow(name, text, WEIGHTS[name] ?? 1)),
  ...examples(),
  documentsRow('a document', { texml: MENU }, false),
  documentsRow('documents of a server', { url: `${CUSTOMER}/first` }, false),
  documentsRow('documents of a server with a fallback', { url: `${CUSTOMER}/first` }, true),
  documentsRow('a document that leads to itself', { url: `${CUSTOMER}/self` }, false),
  documentsRow('a document that dials a premium number', { url: `${CUSTOMER}/premium` }, false),
  documentsRow('a document that is none', { url: `${CUSTOMER}/page` }, false),
];
