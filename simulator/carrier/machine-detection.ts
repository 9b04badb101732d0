/** Answering-machine detection: says what the phone's script lets it find, in the words of the mode that was asked for. */
import type { MachineScript } from '../phones';
import { sayOfLeg } from './events';
import { textOf } from './wishes';
import { schedule } from './world';
import type { Leg, World } from './world';

type Verdict = NonNullable<MachineScript['verdict']>;

const classicVerdicts: Readonly<Record<Verdict, 'human' | 'machine' | 'not_sure'>> = {
  human_residence: 'human',
  human_business: 'human',
  machine: 'machine',
  fax_detected: 'machine',
  silence: 'not_sure',
  not_sure: 'not_sure',
};

/** Listens from the answer on, when the dial asked for it. */
export function detectMachine(world: World, leg: Leg): void {
  const mode = textOf(leg.request, 'answering_machine_detection') ?? 'disabled';
  if (mode === 'disabled') return;
  const { verdict, verdictAfterMs, greetingEndsAfterMs, beep } = leg.phone.machine;
  const premium = mode === 'premium' ? 'premium.' : '';
  if (verdict !== null) {
    const result = mode === 'premium' ? verdict : classicVerdicts[verdict];
    schedule(world, leg, verdictAfterMs, () => {
      if (world.settings.detectionStopsSounds) for (const stop of leg.media) stop('cancelled_amd');
      sayOfLeg(world, leg, `call.machine.${premium}detection.ended`, { result });
    });
  }
  const greeting = greetingResult(mode, beep);
  if (greetingEndsAfterMs === null || greeting === null) return;
  schedule(world, leg, greetingEndsAfterMs, () => {
    sayOfLeg(world, leg, `call.machine.${premium}greeting.ended`, { result: greeting });
  });
}

/** Which end of the greeting a mode reports; null when it keeps silent (Telnyx docs: answering machine detection). */
function greetingResult(mode: string, beep: boolean): string | null {
  if (mode === 'premium') return beep ? 'beep_detected' : 'no_beep_detected';
  if (mode === 'detect') return null;
  if (beep) return 'beep_detected';
  if (mode === 'greeting_end') return 'ended';
  return mode === 'detect_words' ? 'not_sure' : null;
}
