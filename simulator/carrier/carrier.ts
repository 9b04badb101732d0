/**
 * The carrier: one pure model of calls, conferences and recordings. Its time, its randomness and its way out are handed
 * in, so it runs the same under an HTTP server and under a seeded simulation in virtual time.
 */
import type { PhoneBehaviour } from '../phones';
import { addApplication } from '../texml/applications';
import { receive } from '../texml/calls';
import { callAnswered, callEnded, callLeftConference, recordingSettled } from '../texml/placing';
import { createTexmlState, usualTexmlApplicationId } from '../texml/state';
import { joinConfiguredConference, leaveWithLeg } from './conferences';
import { endLeg, phoneHangsUp, phoneOf, placeLeg } from './legs';
import { carrierLedger, ledgerLegs } from './ledger';
import type { CarrierLedger } from './ledger';
import { detectMachine } from './machine-detection';
import { plantRecording } from './planted';
import type { Planting } from './planted';
import { profileId } from './provisioning';
import { finishRecording, runningOf, startDialRecording } from './recordings';
import { matchRoute } from './routes';
import type { Asked, Matched } from './routes';
import { defaultSettings } from './settings';
import type { Settings } from './settings';
import { dropTimers, isEnded } from './world';
import type { CarrierDeps, Leg, LegEnd, Recording, World } from './world';

export interface Carrier {
  /** What a REST request asks for, to be run once or not at all; null when the simulator does not know it. */
  match(asked: Asked): Matched | null;
  readonly settings: () => Settings;
  readonly changeSettings: (changes: Partial<Settings>) => void;
  /** Sets what the phone at a number or SIP address does from its next call on; null takes the table's row again. */
  setPhone(to: string, behaviour: PhoneBehaviour | null): void;
  /** What the phone there does now. */
  phone(to: string): PhoneBehaviour;
  setWebhookUrl(url: string | null, failoverUrl?: string | null): void;
  /** A call from outside to one of our numbers. @param call.connectionId the application it comes to; default the Call Control one */
  callIn(call: { readonly from: string; readonly to: string; readonly connectionId?: string }): {
    callControlId: string;
  };
  /** The far side of a leg hangs up, or the leg ends as given. False when there is no such live leg. */
  hangUp(callControlId: string, end?: LegEnd): boolean;
  readonly recording: (id: string) => Recording | undefined;
  /** A recording that is there without a call. */
  plant(planting: Omit<Planting, 'phone'>, isEmpty: boolean): Recording;
  ledger(): CarrierLedger;
  /** Of the ledger only this: it is asked for often. */
  legs(): CarrierLedger['legs'];
  /** Drops everything that is still to come. */
  stop(): void;
}

export function createCarrier(deps: CarrierDeps): Carrier {
  const world = createWorld(deps);
  const application = world.applications.get(deps.account.connectionId);
  return {
    match: (asked) => matchRoute(world, asked),
    settings: () => world.settings,
    changeSettings(changes) {
      world.settings = { ...world.settings, ...changes };
    },
    setPhone(to, behaviour) {
      if (behaviour === null) world.phoneOverrides.delete(to);
      else world.phoneOverrides.set(to, behaviour);
    },
    phone: (to) => phoneOf(world, to),
    setWebhookUrl(url, failoverUrl = null) {
      if (application === undefined) return;
      application.webhookUrl = url;
      application.failoverUrl = failoverUrl;
    },
    callIn({ from, to, connectionId = deps.account.connectionId }) {
      const texml = world.texml.applications.get(connectionId);
      return texml === undefined
        ? placeLeg(world, incoming(connectionId, from, to))
        : receive(world, texml, { from, to });
    },
    hangUp(callControlId, end) {
      const leg = world.legs.get(callControlId);
      if (leg === undefined || isEnded(leg)) return false;
      if (end === undefined) phoneHangsUp(world, leg);
      else endLeg(world, leg, end);
      return true;
    },
    recording: (id) => world.recordings.get(id),
    plant: (planting, isEmpty) => {
      const phone = phoneOf(world, planting.to);
      return plantRecording(world, { ...planting, phone: isEmpty ? { ...phone, recording: 'empty' } : phone });
    },
    ledger: () => carrierLedger(world),
    legs: () => ledgerLegs(world),
    stop() {
      for (const owner of [...world.legs.values(), ...world.conferences.values()]) dropTimers(owner);
    },
  };
}

const incoming = (connectionId: string, from: string, to: string) =>
  ({ connectionId, direction: 'incoming', from, to, request: {} }) as const;

function createWorld(deps: CarrierDeps): World {
  const world: World = {
    deps,
    settings: { ...defaultSettings, ...deps.settings },
    applications: new Map(),
    credentials: new Map(),
    legs: new Map(),
    conferences: new Map(),
    activeConferences: new Set(),
    recordings: new Map(),
    events: [],
    commands: new Map(),
    dialRequests: new Map(),
    commandLog: [],
    phoneOverrides: new Map(),
    whenAnswered: [],
    whenEnded: [],
    whenLeft: [],
    whenRecordingSettled: [],
    texml: createTexmlState(),
  };
  const { connectionId, webhookUrl, failoverUrl } = deps.account;
  world.applications.set(connectionId, {
    id: connectionId,
    name: 'Simulator',
    webhookUrl,
    failoverUrl,
    outboundVoiceProfileId: profileId,
    createdAtMs: deps.clock.now(),
  });
  const texmlId = deps.account.texmlApplicationId ?? usualTexmlApplicationId;
  const texml = addApplication(world, { id: texmlId, name: 'Simulator', profileId });
  texml.voiceUrl = deps.account.texmlUrls?.voice ?? null;
  texml.statusCallback = deps.account.texmlUrls?.status ?? null;
  connectParts(world);
  return world;
}

/** What hangs on a leg's answer and end, in the order in which it happens. */
function connectParts(world: World): void {
  world.whenAnswered.push(
    (leg) => {
      startDialRecording(world, leg);
    },
    (leg) => {
      joinConfiguredConference(world, leg);
    },
    (leg) => {
      detectMachine(world, leg);
    },
    (leg) => {
      callAnswered(world, leg);
    },
  );
  world.whenEnded.push(
    (leg: Leg) => {
      for (const recording of runningOf(world, leg)) finishRecording(world, recording);
    },
    (leg) => {
      leaveWithLeg(world, leg);
    },
    (leg) => {
      callEnded(world, leg);
    },
  );
  world.whenLeft.push((leg) => {
    callLeftConference(world, leg);
  });
  world.whenRecordingSettled.push((recording) => {
    recordingSettled(world, recording);
  });
}
