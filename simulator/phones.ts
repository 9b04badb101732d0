/**
 * What the called phone does: one table, by the last three digits of the number. The README's table is written from
 * it, a test compares the two. Times are milliseconds of phone time, which `phoneSpeed` shortens.
 */

/** Something that goes wrong between client and carrier. `applied` says whether the carrier did what it was asked. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly applied: boolean;
    }
  | { readonly kind: 'reset'; readonly applied: boolean }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'stallBody'; readonly applied: boolean }
  | { readonly kind: 'html'; readonly applied: boolean }
  | { readonly kind: 'brokenJson'; readonly applied: boolean }
  | { readonly kind: 'missingIds'; readonly applied: boolean }
  | { readonly kind: 'foreignIds'; readonly applied: boolean }
  | FileFault;

/** What can befall a file on its way. Elsewhere each of these is a `reset`. */
export type FileFault = { readonly applied: boolean } & (
  | {
      /** The connection ends after so many bytes; below 0: so many before the end. */
      readonly kind: 'cut';
      readonly bytes: number;
      /** How the answer says where it ends. @default 'length' */
      readonly framing?: 'length' | 'chunked' | 'close';
    }
  /** Everything is in order, but the file was stored without its end: so many bytes are missing. */
  | { readonly kind: 'truncated'; readonly bytes: number }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
);

/** What answering-machine detection finds. */
export interface MachineScript {
  /** The premium verdict; null when none ever comes. */
  readonly verdict: 'human_residence' | 'human_business' | 'machine' | 'silence' | 'fax_detected' | 'not_sure' | null;
  /** From the answer to the verdict. */
  readonly verdictAfterMs: number;
  /** From the answer to the end of the greeting; null when nothing is greeted. */
  readonly greetingEndsAfterMs: number | null;
  readonly beep: boolean;
}

export interface PhoneBehaviour {
  /** The sentence for the table. */
  readonly does: string;
  readonly ringMs: number;
  readonly then: 'answers' | 'busy' | 'rejects' | 'neverAnswers' | 'notInService' | 'carrierFails';
  /** From the answer to the phone's own hanging up; null when it never does. */
  readonly talkMs: number | null;
  readonly machine: MachineScript;
  /** The dial is refused before anything rings; `once` means only the first dial of the number. */
  readonly refusal: DialRefusal | null;
  /** The dial meets a fault on the way; `once` as above. */
  readonly fault: (Fault & { readonly once?: boolean }) | null;
  readonly recording: 'saved' | 'fails' | 'webhookLost' | 'empty';
  /** Overrides the setting `recordingReadyMs`; null keeps it. */
  readonly recordingReadyMs: number | null;
  /** Keys pressed where a TeXML document asks for them, one entry each time; `w` is a wait of half a second. */
  readonly presses: readonly string[];
  /** What is said where a TeXML document listens, one entry each time. */
  readonly says: readonly string[];
  /** Both lists begin again at their end; otherwise nothing comes any more. */
  readonly repeats: boolean;
  /** Presses while the prompt still plays. */
  readonly interrupts: boolean;
}

export interface DialRefusal {
  readonly refusal: 'notE164' | 'forbidden' | 'tooMany';
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly once?: boolean;
}

const human: MachineScript = {
  verdict: 'human_residence',
  verdictAfterMs: 1200,
  greetingEndsAfterMs: null,
  beep: false,
};
const voicemail: MachineScript = { verdict: 'machine', verdictAfterMs: 1500, greetingEndsAfterMs: 3000, beep: true };

const usual: PhoneBehaviour = {
  does: 'rings 1 s, answers, talks 4 s, hangs up',
  ringMs: 1000,
  then: 'answers',
  talkMs: 4000,
  machine: human,
  refusal: null,
  fault: null,
  recording: 'saved',
  recordingReadyMs: null,
  presses: [],
  says: [],
  repeats: false,
  interrupts: false,
};

/** A browser or desk phone behind a SIP address. */
const sipPhone: PhoneBehaviour = {
  ...usual,
  does: 'rings 300 ms, answers, stays until hung up',
  ringMs: 300,
  talkMs: null,
};

const phone = (does: string, differs: Partial<PhoneBehaviour>): PhoneBehaviour => ({ ...usual, ...differs, does });
const unanswered = (does: string, then: PhoneBehaviour['then']) => phone(does, { then });
const machine = (does: string, script: Partial<MachineScript>) =>
  phone(does, { machine: { ...voicemail, ...script }, talkMs: 60_000 });
const person = (does: string, script: Partial<MachineScript>) =>
  phone(does, { machine: { ...human, ...script }, talkMs: 60_000 });
const refused = (does: string, refusal: DialRefusal) => phone(does, { refusal });
const listener = (does: string, script: Partial<PhoneBehaviour>) =>
  phone(does, { talkMs: null, repeats: true, ...script });
const faulty = (does: string, fault: NonNullable<PhoneBehaviour['fault']>) => phone(does, { fault });

/** The table. Any number that is not in it behaves like `usual`. */
export const phones: Readonly<Record<string, PhoneBehaviour>> = {
  '001': unanswered('busy (486)', 'busy'),
  '002': unanswered('rejects the call (603)', 'rejects'),
  '003': unanswered('never answers: rings until the ring time-out', 'neverAnswers'),
  '004': unanswered('not in service (404)', 'notInService'),
  '005': unanswered('the carrier fails on the way (unspecified)', 'carrierFails'),
  '006': phone('answers and stays until hung up or the time limit', { talkMs: null }),
  '007': phone('answers and hangs up after 100 ms', { talkMs: 100 }),
  '008': phone('rings 20 s, then answers', { ringMs: 20_000 }),
  '009': phone('answers and talks 60 s', { talkMs: 60_000 }),
  '010': refused('the dial is refused: 422, code 10016', {
    refusal: 'notE164',
    detail: 'The requested destination is not a valid phone number.',
  }),
  '011': refused('the dial is refused: 403, code 10010, D13', {
    refusal: 'forbidden',
    detail: 'Dialed number is not included in whitelisted countries D13',
  }),
  '012': refused('the dial is refused: 403, code 10010, D1', {
    refusal: 'forbidden',
    detail: 'Concurrent call limit reached D1',
  }),
  '013': refused('the first dial is refused: 429, code 10011, Retry-After 1; then as usual', {
    refusal: 'tooMany',
    detail: 'You have exceeded the maximum number of allowed requests.',
    headers: { 'retry-after': '1', 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' },
    once: true,
  }),
  '020': machine('voicemail: greets 3 s, then beeps', {}),
  '021': machine('voicemail that never beeps', { beep: false }),
  '022': machine('voicemail that beeps before the verdict: only greeting.ended comes', { verdict: null }),
  '023': person('a person whom detection never decides about', { verdict: null }),
  '024': machine('fax', { verdict: 'fax_detected', greetingEndsAfterMs: null, beep: false }),
  '025': person('a person whose verdict comes 10 s late', { verdictAfterMs: 10_000 }),
  '026': person('a business: human_business', { verdict: 'human_business' }),
  '027': person('silence', { verdict: 'silence' }),
  '028': person('detection is not sure', { verdict: 'not_sure' }),
  '030': phone('the recording fails: call.recording.error', { recording: 'fails' }),
  '031': phone('the recording is ready only after 20 s', { recordingReadyMs: 20_000 }),
  '032': phone('the recording is ready, its webhook is never sent', { recording: 'webhookLost' }),
  '033': phone('the recording is an empty file', { recording: 'empty' }),
  '040': faulty('placed, the answer lost: connection reset', { kind: 'reset', applied: true }),
  '041': faulty('first request lost, nothing placed: connection reset; then as usual', {
    kind: 'reset',
    applied: false,
    once: true,
  }),
  '042': faulty('placed, answered 500', { kind: 'status', status: 500, applied: true }),
  '043': faulty('first request not placed, answered 500; then as usual', {
    kind: 'status',
    status: 500,
    applied: false,
    once: true,
  }),
  '044': faulty('placed at once, answered after 30 s', { kind: 'delay', ms: 30_000 }),
  '045': faulty('placed, the answer stops after its headers', { kind: 'stallBody', applied: true }),
  '046': faulty('placed, answered 200 with HTML', { kind: 'html', applied: true }),
  '047': faulty('placed, answered 200 with broken JSON', { kind: 'brokenJson', applied: true }),
  '048': faulty('placed, answered 200 without ids', { kind: 'missingIds', applied: true }),
  '049': faulty("placed, answered 200 with another leg's ids", { kind: 'foreignIds', applied: true }),
  '050': faulty('never placed, answered 503 every time', { kind: 'status', status: 503, applied: false }),
  '051': faulty('never placed, connection reset every time', { kind: 'reset', applied: false }),
  '060': listener('stays and presses 1 whenever a document asks', { presses: ['1'] }),
  '061': listener('stays and presses 2 whenever a document asks', { presses: ['2'] }),
  '062': listener('stays and presses 9 whenever a document asks', { presses: ['9'] }),
  '063': listener('stays and says "yes" whenever a document listens', { says: ['yes'] }),
  '064': listener('stays and says "no" whenever a document listens', { says: ['no'] }),
  '065': listener('stays, is silent the first time a document asks, then presses 1', {
    presses: ['', '1'],
    repeats: false,
  }),
  '066': listener('stays and presses 1 while the prompt still plays', { presses: ['1'], interrupts: true }),
  '067': listener('stays and presses 7, a wrong key in most menus, then 1', { presses: ['7', '1'], repeats: false }),
};

/** The behaviour of a called number or SIP address, before any override. */
export function phoneAt(to: string): PhoneBehaviour {
  if (/^sips?:/.test(to)) return sipPhone;
  return phones[to.replace(/,.*$/, '').slice(-3)] ?? usual;
}

/** The README's table. */
export function phoneTable(): string {
  const rows = Object.entries(phones).sort(([one], [other]) => one.localeCompare(other));
  const all = [['any other', usual] as const, ...rows, ['`sip:…`', sipPhone] as const];
  return [
    '| last digits | the phone |',
    '| --- | --- |',
    ...all.map(([digits, { does }]) => `| ${digits} | ${does} |`),
  ].join('\n');
}
