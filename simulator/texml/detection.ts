/** Answering-machine detection in TeXML's words: what the phone's script lets it find, and when. */
import type { MachineScript } from '../phones';
import type { TexmlCall } from './state';

/** What the request asked for; null when detection is off. */
export interface Detection {
  readonly mode: 'Enable' | 'DetectMessageEnd';
  readonly timeoutMs: number;
  /** The document does not wait for the verdict. */
  readonly isAsync: boolean;
  readonly cancelsPlayback: boolean;
}

type AnsweredBy =
  'human' | 'machine_start' | 'machine_end_beep' | 'machine_end_silence' | 'machine_end_other' | 'fax' | 'unknown';

export interface Verdict {
  readonly answeredBy: AnsweredBy;
  /** From the answer, in milliseconds of phone time. */
  readonly afterMs: number;
}

/** Decided when the call is answered: the script knows what will be heard. */
export function verdictOf({ leg }: TexmlCall, { mode, timeoutMs }: Detection): Verdict {
  const { machine } = leg.phone;
  const found = mode === 'Enable' ? atOnce(machine) : atTheEnd(machine);
  return found.afterMs > timeoutMs ? { answeredBy: 'unknown', afterMs: timeoutMs } : found;
}

function atOnce({ verdict, verdictAfterMs }: MachineScript): Verdict {
  switch (verdict) {
    case 'human_residence':
    case 'human_business':
      return { answeredBy: 'human', afterMs: verdictAfterMs };
    case 'machine':
      return { answeredBy: 'machine_start', afterMs: verdictAfterMs };
    case 'fax_detected':
      return { answeredBy: 'fax', afterMs: verdictAfterMs };
    case 'silence':
    case 'not_sure':
      return { answeredBy: 'unknown', afterMs: verdictAfterMs };
    case null:
      return { answeredBy: 'unknown', afterMs: Infinity };
  }
}

/** With a greeting the end of it is waited for. */
function atTheEnd(machine: MachineScript): Verdict {
  const { greetingEndsAfterMs, beep } = machine;
  if (greetingEndsAfterMs === null) return atOnce(machine);
  return { answeredBy: beep ? 'machine_end_beep' : 'machine_end_silence', afterMs: greetingEndsAfterMs };
}

export const isMachine = ({ answeredBy }: Verdict): boolean => answeredBy.startsWith('machine');

/** The word of the call resource, which knows three. */
export function resourceWord({ answeredBy }: Verdict): 'human' | 'machine' | 'not_sure' {
  if (answeredBy === 'human' || answeredBy === 'unknown') return answeredBy === 'human' ? 'human' : 'not_sure';
  return 'machine';
}
