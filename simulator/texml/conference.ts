/** `<Conference>`: a room by its name, made by the first who comes. */
import * as conferences from '../carrier/conferences';
import { isEnded } from '../carrier/world';
import type { Conference, World } from '../carrier/world';
import { aboutCall, emit } from './callbacks';
import type { TexmlElement } from './document';
import { absolute } from './instructions';
import type { Player } from './instructions';
import { changeOf } from './speech';
import { note } from './state';
import type { CallbackRoute, Fields, TexmlCall } from './state';
import { waitFor } from './steps';
import type { Step } from './steps';
import { isTrueIn, methodIn, wholeIn, wordIn } from './verbs';

/** How the events that are asked for are called in the callback; only the first is shown in Telnyx's documentation. */
const eventNames = {
  start: 'conference-start',
  end: 'conference-end',
  join: 'participant-join',
  leave: 'participant-leave',
} as const;

export function* joinConference(player: Player, noun: TexmlElement): Step<Fields> {
  const { world, call } = player;
  const name = noun.text;
  const existing = conferences.activeNamed(world, name);
  note(world, call, 'document', existing === undefined ? 'opens the conference' : 'joins the conference', name);
  if (existing !== undefined && conferences.present(existing).length >= existing.maxParticipants) {
    note(world, call, 'carrier', 'refuses', `${name} is full`);
    return { DialCallStatus: 'failed' };
  }
  const say = sayer(player, noun);
  const conference = enter(world, call, noun, existing);
  if (existing === undefined) say('start', conference);
  say('join', conference);
  // The end of the call is also its leaving, and the flow stops with it: the callbacks hang on the leaving itself.
  const watch = (change: string): void => {
    if (change !== 'leftConference') return;
    call.watchers.delete(watch);
    say('leave', conference);
    if (conference.endedAtMs !== null || conferences.present(conference).length === 0) say('end', conference);
  };
  call.watchers.add(watch);
  try {
    yield* waitFor(changeOf(call, 'leftConference'));
  } finally {
    // Another document was ordered. A call that has ended leaves by itself.
    if (!isEnded(call.leg)) conferences.leaveConference(world, conference, call.leg);
  }
  note(world, call, 'carrier', 'ends the conference', name);
  return { DialCallStatus: 'completed', ConferenceSid: conference.id };
}

function enter(world: World, call: TexmlCall, noun: TexmlElement, existing: Conference | undefined): Conference {
  const wishes = {
    mute: isTrueIn(noun, 'muted'),
    end_conference_on_exit: isTrueIn(noun, 'endConferenceOnExit'),
  };
  if (existing !== undefined) {
    conferences.joinConference(world, existing, call.leg, wishes);
    return existing;
  }
  const maxParticipants = wholeIn(noun, 'maxParticipants', 'participants');
  return conferences.createConference(world, { name: noun.text, creator: call.leg, maxParticipants }, wishes);
}

function sayer(player: Player, noun: TexmlElement): (event: keyof typeof eventNames, conference: Conference) => void {
  const { world, call } = player;
  const url = wordIn(noun, 'statusCallback');
  if (url === null) return () => undefined;
  const route: CallbackRoute = {
    url: absolute(player, url),
    method: methodIn(noun, 'statusCallbackMethod'),
    events: new Set((wordIn(noun, 'statusCallbackEvent') ?? '').split(/\s+/)),
  };
  let sequence = 0;
  return (event, conference) => {
    if (!route.events.has(event)) return;
    const label = wordIn(noun, 'participantLabel');
    const fields = {
      ...aboutCall(call),
      ConferenceSid: conference.id,
      FriendlyName: conference.name,
      StatusCallbackEvent: eventNames[event],
      SequenceNumber: String(sequence),
      ...(label === null ? {} : { ParticipantLabel: label }),
    };
    sequence += 1;
    emit(world, call, { ...route, eventType: `texml.conference.${event}`, fields });
  };
}
