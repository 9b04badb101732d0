/** `<Enqueue>`, `<Leave>` and `<Dial><Queue>`: callers who wait in a line, and those who take them out of it. */
import { uuid } from '../carrier/ids';
import { isEnded } from '../carrier/world';
import type { World } from '../carrier/world';
import type { TexmlElement } from './document';
import { resolved } from './instructions';
import type { Next, Player } from './instructions';
import { after, changeOf } from './speech';
import { note } from './state';
import type { Fields, Queue, QueueResult, QueuedCall, TexmlCall } from './state';
import { beside, firstOf, waitFor } from './steps';
import type { Step, Wait } from './steps';
import { methodIn, wholeIn, wordIn } from './verbs';

function queueNamed(world: World, name: string): Queue {
  const known = world.texml.queues.get(name);
  if (known !== undefined) return known;
  const queue: Queue = { sid: uuid(world.deps.random), waiting: [], arrivals: new Set() };
  world.texml.queues.set(name, queue);
  return queue;
}

export function* enqueue(player: Player, element: TexmlElement): Step<Next> {
  const { world, call } = player;
  // In a document of `waitUrl`, which would go deeper and deeper.
  if (entryOf(world, call) !== undefined) {
    note(world, call, 'carrier', 'skips', '<Enqueue>: the call waits in a queue already');
    return 'goOn';
  }
  const queue = queueNamed(world, element.text);
  const queuedAtMs = world.deps.clock.now();
  note(world, call, 'document', 'enqueues', element.text);
  const result = yield* waitInLine(player, element, queue);
  const queueTime = String(Math.round((world.deps.clock.now() - queuedAtMs) / 1000));
  note(world, call, 'carrier', 'leaves the queue', result.kind);
  if (result.kind === 'bridged' && !isEnded(result.to.leg)) yield* waitFor(changeOf(result.to, 'ended'));
  const action = wordIn(element, 'action');
  if (action === null) return 'goOn';
  const fields = { QueueSid: queue.sid, QueueResult: result.kind, QueueTime: queueTime };
  return resolved(player, { url: action, method: methodIn(element, 'method'), fields });
}

function* waitInLine(player: Player, element: TexmlElement, queue: Queue): Step<QueueResult> {
  const { world, call } = player;
  const queuedAtMs = world.deps.clock.now();
  const taken: Wait<QueueResult> = (resume) => {
    const entry: QueuedCall = { call, queuedAtMs, leave: resume };
    queue.waiting.push(entry);
    for (const arrived of [...queue.arrivals]) arrived();
    return () => {
      const at = queue.waiting.indexOf(entry);
      if (at !== -1) queue.waiting.splice(at, 1);
    };
  };
  const limitMs = wholeIn(element, 'maxWaitTimeSecs', 'queueWait') * 1000;
  const tooLong: Wait<QueueResult> = (resume) =>
    after(
      player,
      limitMs,
    )(() => {
      resume({ kind: 'maxWaitTime' });
    });
  return yield* waitFor(firstOf(taken, tooLong, beside(music(player, element, queue))));
}

function entryOf({ texml }: World, call: TexmlCall): QueuedCall | undefined {
  return [...texml.queues.values()].flatMap(({ waiting }) => waiting).find((one) => one.call === call);
}

/** The document of `waitUrl`, over and over, until one cannot be had or leads on for ever; it ends only with the waiting. */
function* music(player: Player, element: TexmlElement, queue: Queue): Step<never> {
  const { world, call } = player;
  let url = wordIn(element, 'waitUrl');
  for (;;) {
    const entry = queue.waiting.find((one) => one.call === call);
    if (url === null || entry === undefined) yield* waitFor<never>(() => () => undefined);
    else {
      const fields = place(world, queue, entry);
      const ending = yield* player.follow(
        call,
        resolved(player, { url, method: methodIn(element, 'waitUrlMethod'), fields }),
      );
      if (ending?.who === 'carrier') url = null;
      yield* waitFor(after(player, betweenDocumentsMs));
    }
  }
}

/** So that a document without a sound does not go round for ever in no time. Ours. */
const betweenDocumentsMs = 1000;

function place(world: World, queue: Queue, entry: QueuedCall): Fields {
  const waited = (one: QueuedCall): number => Math.round((world.deps.clock.now() - one.queuedAtMs) / 1000);
  const all = queue.waiting.map(waited);
  return {
    QueueSid: queue.sid,
    QueuePosition: String(queue.waiting.indexOf(entry) + 1),
    QueueTime: String(waited(entry)),
    AvgQueueTime: String(Math.round(all.reduce((sum, one) => sum + one, 0) / all.length)),
    CurrentQueueSize: String(all.length),
  };
}

/** Takes the caller out of the queue that this document plays in. */
export function leave({ world, call }: Player): Next {
  const entry = entryOf(world, call);
  if (entry === undefined) return 'goOn';
  entry.leave({ kind: 'leave' });
  return 'over';
}

/** Bridges to the first in line, or waits for somebody to come. */
export function* dialQueue(player: Player, element: TexmlElement, noun: TexmlElement): Step<Fields> {
  const { world, call } = player;
  const queue = queueNamed(world, noun.text);
  note(world, call, 'document', 'dials the queue', noun.text);
  const timeoutMs = wholeIn(element, 'timeout', 'dialTimeout') * 1000;
  if (queue.waiting.length === 0) yield* waitFor(firstOf<string>(arrival(queue), after(player, timeoutMs)));
  const first = queue.waiting[0];
  if (first === undefined) {
    note(world, call, 'carrier', 'ends the dial', 'the queue stayed empty');
    return { DialCallStatus: 'no-answer' };
  }
  first.leave({ kind: 'bridged', to: call });
  note(world, call, 'carrier', 'bridges', first.call.leg.to);
  if (!isEnded(first.call.leg)) yield* waitFor(changeOf(first.call, 'ended'));
  note(world, call, 'carrier', 'ends the dial', 'completed');
  return { DialCallStatus: 'completed', DialCallSid: first.call.leg.callControlId };
}

const arrival =
  (queue: Queue): Wait<'arrived'> =>
  (resume) => {
    const arrived = (): void => {
      resume('arrived');
    };
    queue.arrivals.add(arrived);
    return () => {
      queue.arrivals.delete(arrived);
    };
  };
