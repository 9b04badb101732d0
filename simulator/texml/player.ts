/**
 * Plays documents on a call: fetches one, does its verbs from top to bottom, and goes where they lead. The end of a
 * document is the end of the call.
 */
import { answerLeg, endLeg, hangUpLeg } from '../carrier/legs';
import { isEnded, isRinging } from '../carrier/world';
import type { World } from '../carrier/world';
import { dial } from './dial';
import { DocumentRefused, parseDocument } from './document';
import type { TexmlElement } from './document';
import { gather } from './gather';
import { fetchDocument, resolved } from './instructions';
import type { Ending, Instructions, Next, Player } from './instructions';
import { enqueue, leave } from './queue';
import { record } from './record';
import { hear, mediumOf, pause } from './speech';
import { note } from './state';
import type { TexmlCall } from './state';
import { start } from './steps';
import type { Step } from './steps';
import { isPlayed, methodIn, unknownIn, wordIn } from './verbs';

/** No call follows more documents than this: a Redirect to itself would never end. Ours. */
const mostDocuments = 500;

/** Plays on a call, instead of whatever plays there now. */
export function play(world: World, call: TexmlCall, instructions: Instructions): void {
  call.stopFlow();
  call.stopFlow = start(flow(world, call, instructions));
}

/** Plays documents and hangs up after the last. */
export function* flow(world: World, call: TexmlCall, first: Instructions): Step {
  const ending = yield* follow(world, call, first);
  if (ending !== null) hangUp(world, call, ending);
}

const gaveUp = (why: string): Ending => ({ who: 'carrier', does: 'gives up', why });

/** Plays documents until there is nothing more to do; null when the call is over or has been taken elsewhere. */
function* follow(world: World, call: TexmlCall, first: Instructions): Step<Ending | null> {
  let instructions = first;
  for (let count = 0; count < mostDocuments; count += 1) {
    const obtained = yield* fetchDocument(world, call, instructions, first);
    if (obtained === null) return gaveUp('no instructions could be had');
    const response = readable(world, call, obtained.texml);
    if (response === null) return gaveUp('the document was refused');
    const player: Player = {
      world,
      call,
      base: obtained.base,
      follow: (on, to) => follow(world, on, to),
    };
    const next = yield* perform(player, response);
    if (next === 'over') return null;
    if (next === 'goOn') return { who: 'document', does: 'hangs up', why: 'it came to its end' };
    instructions = next;
  }
  return gaveUp(`${mostDocuments} documents were followed`);
}

function readable(world: World, call: TexmlCall, texml: string): TexmlElement | null {
  try {
    const response = parseDocument(texml);
    const unknown = unknownIn(response);
    for (const finding of unknown) note(world, call, 'carrier', 'objects', finding);
    return unknown.length > 0 && world.settings.unknownTexml === 'refused' ? null : response;
  } catch (error) {
    if (!(error instanceof DocumentRefused)) throw error;
    note(world, call, 'carrier', 'objects', error.message);
    return null;
  }
}

/** Does the verbs of a document until one leads elsewhere. */
function* perform(player: Player, response: TexmlElement): Step<Next> {
  for (const element of response.children) {
    const { world, call } = player;
    const verb = verbs[element.name];
    if (verb === undefined) {
      if (!isPlayed(element.name)) note(world, call, 'carrier', 'skips', `<${element.name}>`);
      continue;
    }
    // The first verb answers a call that came in, unless it rejects it (Telnyx docs: Reject).
    if (isRinging(call.leg) && element.name !== 'Reject') answerLeg(world, call.leg);
    const done = verb(player, element);
    const next = isStep(done) ? yield* done : done;
    if (next !== 'goOn') return next;
  }
  return 'goOn';
}

/** Verbs that take no time say at once what they lead to. */
type Verb = (player: Player, element: TexmlElement) => Step<Next> | Next;

const isStep = (done: Step<Next> | Next): done is Step<Next> => typeof done === 'object' && 'next' in done;

function* sound(player: Player, element: TexmlElement): Step<Next> {
  yield* hear(player, mediumOf(element));
  return 'goOn';
}

function redirect(player: Player, element: TexmlElement): Next {
  return resolved(player, { url: element.text, method: methodIn(element, 'method') });
}

function hangup({ world, call }: Player): Next {
  hangUp(world, call, { who: 'document', does: 'hangs up', why: '' });
  return 'over';
}

function reject({ world, call }: Player, element: TexmlElement): Next {
  const busy = wordIn(element, 'reason') === 'busy';
  note(world, call, 'document', 'rejects', busy ? 'busy' : 'rejected');
  if (!isRinging(call.leg)) hangUpLeg(world, call.leg);
  else {
    const end = busy ? { cause: 'user_busy', sip: '486' } : { cause: 'call_rejected', sip: '603' };
    endLeg(world, call.leg, { ...end, source: 'callee' });
  }
  return 'over';
}

const verbs: Readonly<Record<string, Verb>> = {
  Say: sound,
  Play: sound,
  Pause: pause,
  Gather: gather,
  Dial: dial,
  Record: record,
  Enqueue: enqueue,
  Leave: leave,
  Redirect: redirect,
  Reject: reject,
  Hangup: hangup,
};

function hangUp(world: World, call: TexmlCall, { who, does, why }: Ending): void {
  if (isEnded(call.leg)) return;
  note(world, call, who, does, why);
  hangUpLeg(world, call.leg);
}
