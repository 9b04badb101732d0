/**
 * Faults between client and carrier: which request meets which. Rows of the phone table bring theirs along, others
 * are ordered over the control interface. Pure; what a fault does to a connection is in `http.ts`.
 */
import type { Fault, PhoneBehaviour } from './phones';

export interface FaultRule {
  /** Name of the operation, as `dial`, `hangup`, `createConference`, `join`, `listRecordings`, `download`, `deliver`. */
  readonly operation: string;
  /** Only requests about this called number; any when absent. */
  readonly to?: string;
  /** Only downloads and deliveries of this recording, and questions about it. */
  readonly recording?: string;
  /** How many requests meet it. @default 1 */
  readonly times?: number;
  /** How many matching requests pass before. @default 0 */
  readonly after?: number;
  readonly fault: Fault;
}

/** What a request is about. */
type About = { readonly to: string; readonly phone?: PhoneBehaviour } | { readonly recording: string };

export interface Faults {
  add(rule: FaultRule): void;
  clear(): void;
  readonly rules: () => readonly FaultRule[];
  /** The fault that this request meets, counted as fired; null when all is well. A dial meets the phone's own too. */
  take(operation: string, about?: About): Fault | null;
  /** How often each kind has fired. */
  fired(): Readonly<Record<string, number>>;
}

export function createFaults(): Faults {
  let rules: { rule: FaultRule; toSkip: number; left: number }[] = [];
  const fired: Record<string, number> = {};
  const dials = new Map<string, number>();

  const ordered = (operation: string, about: { readonly to?: string; readonly recording?: string }): Fault | null => {
    for (const entry of rules) {
      const { rule } = entry;
      if (rule.operation !== operation || entry.left === 0) continue;
      if ((rule.to ?? about.to) !== about.to || (rule.recording ?? about.recording) !== about.recording) continue;
      if (entry.toSkip > 0) {
        entry.toSkip -= 1;
        continue;
      }
      entry.left -= 1;
      return rule.fault;
    }
    return null;
  };

  const ownOf = (about: About | undefined): Fault | null => {
    if (!about || !('to' in about) || !about.phone) return null;
    const { to, phone } = about;
    const earlier = dials.get(to) ?? 0;
    dials.set(to, earlier + 1);
    return phone.fault?.once === true && earlier > 0 ? null : phone.fault;
  };

  return {
    add(rule) {
      rules.push({ rule, toSkip: rule.after ?? 0, left: rule.times ?? 1 });
    },
    clear() {
      rules = [];
    },
    rules: () => rules.filter(({ left }) => left > 0).map(({ rule, left }) => ({ ...rule, times: left })),
    take(operation, about) {
      const fault = ordered(operation, about ?? {}) ?? ownOf(about);
      if (fault !== null) fired[fault.kind] = (fired[fault.kind] ?? 0) + 1;
      return fault;
    },
    fired: () => ({ ...fired }),
  };
}

const kinds: readonly Fault['kind'][] = [
  'status',
  'reset',
  'delay',
  'stallBody',
  'html',
  'brokenJson',
  'missingIds',
  'foreignIds',
  'cut',
  'truncated',
  'slow',
];

/** Reads a rule that came over the wire. Throws a `TypeError` that says what is wrong. */
export function parseFaultRule(given: Readonly<Record<string, unknown>>): FaultRule {
  const { operation, fault, times, after, to, recording } = given;
  if (typeof operation !== 'string') throw new TypeError('operation is a string');
  if (typeof fault !== 'object' || fault === null || !('kind' in fault))
    throw new TypeError('fault is an object with a kind');
  if (!kinds.includes(fault.kind as Fault['kind'])) throw new TypeError(`kind is one of ${kinds.join(', ')}`);
  const amount = { cut: 'bytes', truncated: 'bytes', slow: 'bytesPerSecond' }[String(fault.kind)];
  if (amount !== undefined && typeof (fault as Readonly<Record<string, unknown>>)[amount] !== 'number') {
    throw new TypeError(`a fault of kind ${String(fault.kind)} has ${amount}, a number`);
  }
  if (fault.kind === 'status' && !('status' in fault)) throw new TypeError('a fault of kind status names a status');
  return {
    operation,
    fault: { applied: false, ...fault } as unknown as Fault,
    ...(typeof times === 'number' ? { times } : {}),
    ...(typeof after === 'number' ? { after } : {}),
    ...(typeof to === 'string' ? { to } : {}),
    ...(typeof recording === 'string' ? { recording } : {}),
  };
}
