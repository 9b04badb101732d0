/**
 * The carrier, as the story sees it, made of activities. Which failure means what is decided in
 * `activities/failures.ts`; here is how often and how long each command is tried, and what the Temporal UI calls it.
 *
 * | command                    | one attempt | attempts                        | why                                    |
 * | dial                       | 12 s        | 1                               | a retry could ring a phone twice        |
 * | hang up                    | 11 s        | 0.2 s, doubling to 5 s, a minute | the story asks, then tries again        |
 * | everything in a live call  | 5 s         | 0.2 s, doubling to 1 s, 10 s    | a person is listening to silence        |
 * | redirect                   | 5 s         | 1                               | again, a prompt would be heard twice    |
 * | questions                  | 11 s        | 1                               | they are asked again soon anyway        |
 */
import { ActivityFailure, proxyActivities, TimeoutFailure } from '@temporalio/workflow';
import { TimeoutType } from '@temporalio/common';
import type { ActivityOptions } from '@temporalio/workflow';
import type { CarrierActivities } from '../activities/carrier';
import type { TexmlActivities } from '../activities/texml-calls';
import type { CallRequest } from '../domain/call';
import type { Carrier, CommandAnswer, DialAnswer } from '../domain/carrier';
import type { CallEvent } from '../domain/events';
import { maskPhone } from '../domain/phone-numbers';
import { activityFailure } from './activity-failure';

const DIALING: ActivityOptions = {
  scheduleToStartTimeout: '5 seconds',
  startToCloseTimeout: '12 seconds',
  retry: { maximumAttempts: 1 },
};
const HANGING_UP: ActivityOptions = {
  startToCloseTimeout: '11 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '5 seconds' },
};
const ACTING: ActivityOptions = {
  startToCloseTimeout: '5 seconds',
  scheduleToCloseTimeout: '10 seconds',
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '1 second' },
};
const REDIRECTING: ActivityOptions = {
  startToCloseTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
};
const ASKING: ActivityOptions = {
  startToCloseTimeout: '11 seconds',
  retry: { maximumAttempts: 1 },
};

/** @param proxy binds activities to the world: Temporal's own, or that of the seeded simulation. */
export function createCarrier(call: CallRequest, proxy = proxyActivities): Carrier {
  const texml = createTexmlCarrier(call, proxy);
  const carrier = { ...createCallControl(call, proxy), redirect: texml.redirect };
  return call.handler.type === 'texml' ? { ...carrier, ...texml } : carrier;
}

type TexmlCarrier = Pick<Carrier, 'dial' | 'hangUp' | 'redirect' | 'askLeg' | 'findLeg' | 'listRecordings'>;

/** A TeXML call is another resource at the carrier, with commands of its own. */
function createTexmlCarrier(call: CallRequest, proxy: typeof proxyActivities): TexmlCarrier {
  const asking = proxy<TexmlActivities>(ASKING);
  return {
    dial: (command) =>
      proxy<TexmlActivities>(DIALING)
        .dialTexml.executeWithOptions({ summary: `Dial lead ${maskPhone(call.toPhone)}` }, [command])
        .catch(unclear),
    hangUp: (command) =>
      proxy<TexmlActivities>(HANGING_UP)
        .hangUpTexml.executeWithOptions({ summary: 'Hang up lead' }, [command])
        .catch(unavailable),
    redirect: (command) =>
      proxy<TexmlActivities>(REDIRECTING)
        .redirectTexml.executeWithOptions({ summary: 'Play another document' }, [command])
        .catch(unavailable),
    askLeg: (question) =>
      asking.askTexmlLeg.executeWithOptions({ summary: "How is the lead's call?" }, [question]).catch(noAnswer),
    findLeg: (question) =>
      asking.findTexmlLeg.executeWithOptions({ summary: 'Was lead dialed?' }, [question]).catch(noAnswer),
    listRecordings: (question) =>
      asking.listTexmlRecordings
        .executeWithOptions({ summary: 'Which recordings are there?' }, [question])
        .catch(noAnswer),
  };
}

function createCallControl(call: CallRequest, proxy: typeof proxyActivities): Omit<Carrier, 'redirect'> {
  const dialing = proxy<CarrierActivities>(DIALING);
  const hangingUp = proxy<CarrierActivities>(HANGING_UP);
  const acting = proxy<CarrierActivities>(ACTING);
  const asking = proxy<CarrierActivities>(ASKING);
  const lead = maskPhone(call.toPhone);
  return {
    dial: (command) =>
      dialing.dial
        .executeWithOptions({ summary: `Dial ${command.leg.participant}${command.agent ? '' : ` ${lead}`}` }, [command])
        .catch(unclear),
    hangUp: (command) =>
      hangingUp.hangUp
        .executeWithOptions({ summary: `Hang up ${command.leg.participant}` }, [command])
        .catch(unavailable),
    enterConference: (command) =>
      acting.enterConference
        .executeWithOptions({ summary: `${command.leg.participant} enters the conference` }, [command])
        .catch(unavailable),
    leaveConference: (command) =>
      acting.leaveConference
        .executeWithOptions({ summary: `${command.leg.participant} leaves the conference` }, [command])
        .catch(unavailable),
    playInConference: (command) =>
      acting.playInConference.executeWithOptions({ summary: `Play ${command.sound}` }, [command]).catch(unavailable),
    stopPlaying: (command) =>
      acting.stopPlaying.executeWithOptions({ summary: 'Stop playing' }, [command]).catch(unavailable),
    say: (command) =>
      acting.say.executeWithOptions({ summary: `Say the ${command.name}` }, [command]).catch(unavailable),
    startRecording: (command) =>
      acting.startRecording.executeWithOptions({ summary: 'Start the recording' }, [command]).catch(unavailable),
    mute: (command) =>
      acting.mute
        .executeWithOptions({ summary: `${command.muted ? 'Mute' : 'Unmute'} ${command.leg.participant}` }, [command])
        .catch(unavailable),
    askLeg: (question) =>
      asking.askLeg
        .executeWithOptions({ summary: `How is ${question.leg.participant}'s leg?` }, [question])
        .catch(noAnswer),
    askParticipants: (question) =>
      asking.askParticipants.executeWithOptions({ summary: 'Who is in the conference?' }, [question]).catch(nothing),
    findLeg: (question) =>
      asking.findLeg
        .executeWithOptions({ summary: `Was ${question.leg.participant} dialed?` }, [question])
        .catch(noAnswer),
    listRecordings: (question) =>
      asking.listRecordings.executeWithOptions({ summary: 'Which recordings are there?' }, [question]).catch(noAnswer),
  };
}

/** The worker was lost, or took too long: the request may have been sent, unless no worker ever took it. */
function unclear(error: unknown): DialAnswer {
  const timeout = error instanceof ActivityFailure && error.cause instanceof TimeoutFailure ? error.cause : null;
  if (timeout?.timeoutType === TimeoutType.SCHEDULE_TO_START) return { kind: 'late' };
  return { kind: 'ambiguous', detail: activityFailure(error) };
}

function unavailable(error: unknown): CommandAnswer {
  return { kind: 'unavailable', detail: activityFailure(error) };
}

function nothing(error: unknown): readonly CallEvent[] {
  activityFailure(error);
  return [];
}

function noAnswer(error: unknown): null {
  activityFailure(error);
  return null;
}
