/** `<Record>`: a beep, then what the caller says, until a key, silence, the longest length or the end of the call. */
import { finishRecording, startRecording } from '../carrier/recordings';
import { speechMs } from '../carrier/leg-actions';
import { formatOf } from '../carrier/wishes';
import type { Recording } from '../carrier/world';
import { savedFields, sayRecording } from './callbacks';
import type { TexmlElement } from './document';
import { absolute, resolved } from './instructions';
import type { Next, Player } from './instructions';
import { reactionMs } from './listener';
import { after } from './speech';
import { note } from './state';
import type { Fields, RecordingRoute } from './state';
import { waitFor } from './steps';
import type { Step } from './steps';
import { methodIn, wholeIn, wordIn } from './verbs';

export function* record(player: Player, element: TexmlElement): Step<Next> {
  const { world, call } = player;
  const recording = begin(player, element, 'RecordVerb');
  note(
    world,
    call,
    'document',
    'records',
    element.attributes['playBeep'] === 'false' ? 'without a beep' : 'after a beep',
  );
  const keys = yield* untilItEnds(player, element);
  finishRecording(world, recording);
  const action = wordIn(element, 'action');
  if (action === null) return 'goOn';
  const fields: Fields = {
    RecordingSid: recording.id,
    ...savedFields(world, recording, true),
    ...(keys === '' ? {} : { Digits: keys }),
  };
  return resolved(player, { url: action, method: methodIn(element, 'method'), fields });
}

/** Gives back the key that ended it, or nothing. */
function* untilItEnds(player: Player, element: TexmlElement): Step<string> {
  const { world, call } = player;
  const lengthMs = wholeIn(element, 'maxLength', 'recordLength') * 1000 || Infinity;
  const silenceMs = wholeIn(element, 'timeout', 'silence') * 1000 || Infinity;
  const finishOn = element.attributes['finishOnKey'] ?? '1234567890*#';
  const said = call.listener.react({ keys: false, words: true });
  const pressed = finishOn === '' ? null : call.listener.react({ keys: true, words: false });
  const key =
    pressed?.kind === 'presses' && finishOn.includes(pressed.keys.slice(0, 1)) ? pressed.keys.slice(0, 1) : '';
  if (said?.kind === 'says') note(world, call, 'phone', 'says', said.text);
  const spokenMs = said?.kind === 'says' ? speechMs(said.text) : 0;
  // The timer for silence only starts once something was said (Telnyx docs: Record).
  const afterSilenceMs = spokenMs > 0 ? spokenMs + silenceMs : Infinity;
  const afterKeyMs = key === '' ? Infinity : spokenMs + reactionMs;
  const endMs = Math.min(lengthMs, afterSilenceMs, afterKeyMs);
  if (endMs === Infinity) yield* waitFor<never>(() => () => undefined);
  yield* waitFor(after(player, endMs));
  if (endMs !== afterKeyMs) return '';
  note(world, call, 'phone', 'presses', key);
  return key;
}

/** Starts a recording on the call and remembers where its callbacks go. */
export function begin(player: Player, element: TexmlElement, source: RecordingRoute['source']): Recording {
  const { world, call } = player;
  const channels = element.attributes[source === 'DialVerb' ? 'recordingChannels' : 'channels'];
  const recording = startRecording(world, {
    leg: call.leg,
    format: formatOf(element.attributes['format'], 'mp3'),
    // Record is dual by default, Dial is not (Telnyx docs: Record, Dial).
    channels: channels === 'dual' || (channels === undefined && source === 'RecordVerb') ? 'dual' : 'single',
    initiatedBy: source,
  });
  const url = wordIn(element, 'recordingStatusCallback');
  if (url === null) return recording;
  world.texml.recordingRoutes.set(recording.id, {
    call,
    source,
    url: absolute(player, url),
    method: methodIn(element, 'recordingStatusCallbackMethod'),
    events: new Set((wordIn(element, 'recordingStatusCallbackEvent') ?? 'completed').split(/\s+/)),
    sendsUrl: element.attributes['sendRecordingUrl'] !== 'false',
  });
  sayRecording(world, recording, 'in-progress');
  return recording;
}
