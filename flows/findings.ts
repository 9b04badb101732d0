/** What is wrong, or doubtful, in a flow: where, what was expected, and what to write instead. */
import { placeOf } from '../texml/findings';
import type { Finding } from '../texml/findings';

export type FlowFinding = Omit<Finding, 'code' | 'path'> & { readonly code: FlowFindingCode };

export type FlowFindingCode = keyof typeof FLOW_FINDING_CODES;

/** Every code with its meaning, for the docs. */
export const FLOW_FINDING_CODES = {
  too_large: 'more than 64 KiB',
  not_utf8: 'the file is of another encoding than UTF-8',
  not_yaml: 'no YAML reader takes this',
  too_deep: 'nested more than 12 deep',
  not_plain_yaml: 'aliases, anchors, tags, merge keys, directives or several documents',
  duplicate_key: 'two keys are the same',
  quote_it: 'some YAML readers take it for a number, a date, true, false or nothing',
  not_a_flow: 'there are no steps',
  unknown_key: 'there is no such key here',
  missing_key: 'a key is missing',
  misplaced_key: 'the key does not go with the others',
  bad_name: 'no name for a step or a variable',
  bad_value: 'a value of another kind, or out of range',
  unreachable_host: 'a URL of a host that only exists in its own network',
  text_too_long: 'more text than is spoken at once',
  no_verb: 'the step does nothing, or several things',
  unknown_step: 'there is no such step',
  unknown_variable: 'a `{{name}}`, or the name of a variable, that is not declared',
  impossible_key: 'a key of `on` that can never come',
  endless_loop: 'steps that go round without waiting for anybody',
  too_many: 'more than 200 steps or 50 variables',
  unreachable_step: 'nothing leads to the step',
  unused_variable: 'nothing uses the variable',
} as const;

export interface Complaint {
  readonly code: FlowFindingCode;
  /** @default 'error' */
  readonly severity?: FlowFinding['severity'];
  readonly message: string;
  /** What to do, when that is known. */
  readonly suggestion?: string | null;
}

/** Where it stands in the text, in UTF-16 units from 0. */
export type Complain = (offset: number, complaint: Complaint) => void;

/** More than anybody reads. */
const MOST_FINDINGS = 100;

/** Collects complaints about one text; `findings` are those so far, in the order of the text. */
export function createComplaints(text: string): { complain: Complain; findings: () => readonly FlowFinding[] } {
  const complaints: (Complaint & { readonly offset: number })[] = [];
  return {
    complain: (offset, complaint) => {
      if (complaints.length < MOST_FINDINGS) complaints.push({ ...complaint, offset });
    },
    findings: () =>
      complaints
        .toSorted((one, other) => one.offset - other.offset)
        .map(({ code, severity = 'error', message, suggestion = null, offset }) => {
          return { code, severity, ...placeOf(text, offset), message, suggestion };
        }),
  };
}
