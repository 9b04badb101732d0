/**
 * Plays a flow: from step to step, collecting what is heard, until the carrier has to answer or somebody has to find
 * something out. What is heard before an errand is a document of its own, so that nobody waits for both in silence.
 */
import { hangup, redirect } from '../texml/builder';
import { objectionTo } from '../texml/values';
import { answerOf, branchOf, byOutcome, reportedOf } from './answers';
import type { Answered } from './answers';
import { MOST_LETTERS } from './flow';
import type { FlowStep, Next, StepOf } from './flow';
import {
  agentOf,
  askedOf,
  destinationOf,
  documentOf,
  heardOf,
  linkOf,
  requestOf,
  sorry,
  transferOf,
} from './rendering';
import type { Stage, Verbs } from './rendering';
import type { Errand, Fields, FlowPosition, FlowScript, Input, Report, Scene, Turn } from './script';
import { CLIENT_ID } from './table';
import { fill } from './template';
import type { Values } from './template';

/** Bounds of a flow that goes round: steps in one turn and in a call; and of what one document holds. */
const MOST = { stepsInTurn: 200, stepsInCall: 1_000, verbs: 40, letters: 4_000 } as const;

export function stepFlow(script: FlowScript, position: FlowPosition, input: Input, scene: Scene): Turn {
  const { steps } = script.flow;
  const walk = createWalk(script, scene);
  if (position.step === null) return walk(position, steps[0]?.name ?? null);
  const left = steps.find(({ name }) => name === position.step);
  if (left === undefined) return walk(position, null);
  const stage = stageOf(script, position, scene);
  const came = input.kind === 'asked' ? answerTo(left, input.fields, stage) : reportTo(left, input.report, stage);
  if ('document' in came) return { kind: 'document', document: documentOf(came.document), position };
  if ('errand' in came) return { kind: 'errand', errand: came.errand, position };
  return walk({ ...position, variables: { ...position.variables, ...came.variables } }, came.to);
}

function stageOf({ flow }: FlowScript, { variables }: FlowPosition, scene: Scene): Stage {
  const builtIn = { 'call.id': scene.callId, 'lead.phone': scene.leadPhone, 'our.phone': scene.ourPhone };
  return { values: { ...variables, ...builtIn }, scene, voice: flow.voice, language: flow.language };
}

/** What a step comes to: it leads on, or something has to be heard or found out first. */
type Came = Answered | { readonly document: Verbs } | { readonly errand: Errand };

/** The carrier asks on behalf of a step. One whose report is still out is asked about once more. */
function answerTo(step: FlowStep, fields: Fields, stage: Stage): Came {
  const errand = step.does === 'agent' ? null : errandOf(step, stage);
  return errand === null ? answerOf(step, fields) : { errand };
}

function reportTo(step: FlowStep, report: Report, stage: Stage): Came {
  if (step.does !== 'agent' || report.kind !== 'address' || report.sipUri === null) return reportedOf(step, report);
  const document = agentOf(step, { kind: 'sip', to: report.sipUri }, stage);
  return document === null ? byOutcome(step, 'failed') : { document };
}

/** What has to be found out before the step can go on; null when nothing has. */
function errandOf(step: FlowStep, stage: Stage): Errand | null {
  if (step.does === 'http') return { kind: 'http', request: requestOf(step, stage) };
  if (step.does === 'branch' && step.value === 'machine') return { kind: 'verdict' };
  if (step.does !== 'agent' || step.value.type !== 'webrtc') return null;
  return { kind: 'address', clientId: fill(step.value.client_id, stage.values) };
}

type Heard = StepOf<'say'> | StepOf<'play'> | StepOf<'pause'>;
const isHeard = (step: FlowStep): step is Heard => ['say', 'play', 'pause'].includes(step.does);

/** Goes from step to step until somebody else has a say; `next` is the first. */
function createWalk(script: FlowScript, scene: Scene): (position: FlowPosition, next: Next) => Turn {
  const { steps, voice } = script.flow;
  return (from, first) => {
    let [position, next] = [from, first];
    let heard: Verbs = [];
    /** As it was when the last thing was heard: to go on from there later is to go on from here. */
    let mark = from;
    const documentWith = (verbs: Verbs, at: FlowPosition): Turn => {
      return { kind: 'document', document: documentOf([...heard, ...verbs]), position: at };
    };
    const pauseHere = () => documentWith([redirect(linkOf(scene))], mark);
    for (let count = 0; next !== null; count += 1) {
      const step = steps.find(({ name }) => name === next);
      if (step === undefined || count >= MOST.stepsInTurn || stepsIn(position) >= MOST.stepsInCall) {
        return documentWith(sorry(voice), position);
      }
      position = begun(position, step);
      const stage = stageOf(script, position, scene);
      if (isHeard(step)) {
        const verbs = heardOf(step, stage);
        if (heard.length > 0 && isTooMuch([...heard, ...verbs])) return pauseHere();
        [heard, mark, next] = [[...heard, ...verbs], position, step.then];
        continue;
      }
      const came = beginStep(step, position, stage);
      if ('document' in came) return documentWith(came.document, position);
      if ('errand' in came) {
        return heard.length > 0 ? pauseHere() : { kind: 'errand', errand: came.errand, position };
      }
      position = { ...position, variables: { ...position.variables, ...came.variables } };
      next = came.to;
    }
    return documentWith([hangup()], position);
  };
}

const stepsIn = ({ visits }: FlowPosition): number => Object.values(visits).reduce((sum, count) => sum + count, 0);

const visitsOf = ({ visits }: FlowPosition, name: string): number =>
  Object.hasOwn(visits, name) ? (visits[name] ?? 0) : 0;

/** The step that was begun last stands last, so that a position also tells the way. */
function begun(position: FlowPosition, { name }: FlowStep): FlowPosition {
  const others = Object.entries(position.visits).filter(([other]) => other !== name);
  const visits = Object.fromEntries([...others, [name, visitsOf(position, name) + 1]]);
  return { ...position, step: name, visits };
}

function isTooMuch(verbs: Verbs): boolean {
  const letters = verbs.flatMap(({ children }) =>
    children.map((child) => (typeof child === 'string' ? child.length : 0)),
  );
  return verbs.length > MOST.verbs || letters.reduce((sum, count) => sum + count, 0) > MOST.letters;
}

/** A step that is heard by nobody by itself. */
function beginStep(step: Exclude<FlowStep, Heard>, position: FlowPosition, stage: Stage): Came {
  const errand = errandOf(step, stage);
  if (errand !== null) {
    const isNobody = errand.kind === 'address' && objectionTo(errand.clientId, CLIENT_ID) !== null;
    return isNobody ? byOutcome(step, 'failed') : { errand };
  }
  switch (step.does) {
    case 'hangup':
      return { document: [hangup()] };
    case 'transfer':
      return { document: transferOf(step, stage) };
    case 'set':
      return { to: step.then, variables: assigned(step, stage.values) };
    case 'repeat':
      return { to: visitsOf(position, step.name) <= step.times ? step.value : step.then, variables: {} };
    case 'branch':
      return { to: branchOf(step, stage.values, stage.scene), variables: {} };
    default: {
      const document = step.does === 'agent' ? agentDialed(step, stage) : askedOf(step, stage);
      return document === null ? byOutcome(step, 'failed') : { document };
    }
  }
}

function agentDialed({ value, ...step }: StepOf<'agent'>, stage: Stage): Verbs | null {
  return value.type === 'webrtc' ? null : agentOf({ ...step, value }, destinationOf(value), stage);
}

/** All of them see the values from before. */
function assigned({ value }: StepOf<'set'>, values: Values): Values {
  const entries = Object.entries(value).map(
    ([name, text]) => [name, fill(text, values).slice(0, MOST_LETTERS)] as const,
  );
  return Object.fromEntries(entries);
}
