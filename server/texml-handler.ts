/** What a TeXML handler of `POST /initiate` asks for: the script that the call follows, and what it remembers of it. */
import type { TexmlHandler } from '../domain/call';
import { completeVariables, listensForMachines } from '../flows/flow';
import type { FlowFinding } from '../flows/findings';
import type { Script } from '../flows/script';
import { outboundUrlProblem } from '../platform/outbound-url';
import type { Finding } from '../texml/findings';
import { leadingAddresses } from '../texml/addresses';
import { parseTexml } from '../texml/reader';
import { targetsOf } from '../texml/targets';
import { readFlow } from './flow-directory';
import type { FlowDirectory, FlowFile } from './flow-directory';
import type { InitiateBody, TexmlAsked } from './initiate-schema';
import { ApiProblem } from './problems';
import type { FieldError } from './problems';
import { checkTarget, refused, unacceptable } from './refusals';

export interface ScriptSettings {
  readonly flows: FlowDirectory;
  /** `host:port` pairs that documents may be asked for by http, or at addresses that are not public. */
  readonly allowedHosts: readonly string[];
  /** Countries and prefixes, or everywhere. */
  readonly destinations: readonly string[] | '*';
  /** What TeXML calls are made with; null: it is not known. */
  readonly account: { readonly accountSid: string | null; readonly texmlApplicationId: string | null };
}

export interface Scripted {
  readonly handler: TexmlHandler;
  readonly script: Script;
}

/** Throws an ApiProblem (422, of a destination 403) that names the field at fault. */
export function readTexmlHandler(asked: TexmlAsked, body: InitiateBody, settings: ScriptSettings): Scripted {
  refuseUnconfigured(settings);
  refuseOthers(body);
  if (typeof asked.texml === 'string') return ofDocument(asked.texml, body.to_phone, settings);
  if (typeof asked.url === 'string') return ofUrls(asked.url, asked.fallback_url ?? null, settings);
  const { flow_source: source, flow = '', variables } = asked;
  if (typeof source === 'string')
    return ofFlow(readFlow('flow_source', source), variables ?? {}, 'handler.flow_source');
  return scriptOfNamed(flow ?? '', variables ?? {}, settings.flows);
}

/** A flow of the folder. Throws an ApiProblem (422). */
export function scriptOfNamed(name: string, variables: Variables, flows: FlowDirectory): Scripted {
  const file = flows.find(name);
  if (file === null) throw unacceptable('flow_not_found', 'handler.flow', 'is not the name of a flow in FLOWS_DIR');
  return ofFlow(file, variables, 'handler.flow');
}

/** As they were given, or none. */
type Variables = Readonly<Record<string, unknown>>;

function refuseUnconfigured({ account }: ScriptSettings): void {
  if (account.accountSid !== null && account.texmlApplicationId !== null) return;
  const missing =
    account.accountSid === null
      ? 'TELNYX_ACCOUNT_SID is not set; it is the id of your account (Telnyx portal: profile icon > Account Settings)'
      : 'TELNYX_TEXML_APPLICATION_ID is not set; copy it from the Telnyx portal: Voice > TeXML Applications';
  throw new ApiProblem({ status: 422, code: 'texml_not_configured', detail: `no TeXML calls can be made: ${missing}` });
}

const LONGEST_RING_SECONDS = 120;

/** What goes with other handlers only. */
function refuseOthers({ agent, dial_order, record, ring_timeout_secs }: InitiateBody): void {
  const wrong: readonly (readonly [boolean, string, string])[] = [
    [Boolean(agent), 'agent', 'does not go with a TeXML handler: its documents dial whom they need'],
    [Boolean(dial_order), 'dial_order', 'does not go with a TeXML handler'],
    [
      record === 'announce',
      'record',
      'must not be "announce" with a TeXML handler: let its first step speak the notice',
    ],
    [
      (ring_timeout_secs ?? 0) > LONGEST_RING_SECONDS,
      'ring_timeout_secs',
      // Telnyx API reference, initiate an outbound TeXML call: Timeout is 5 to 120.
      `must be at most ${LONGEST_RING_SECONDS} with a TeXML handler`,
    ],
  ];
  const errors = wrong.flatMap(([isWrong, path, message]) => (isWrong ? [{ path, message }] : []));
  if (errors.length > 0) throw refused('invalid_request', errors);
}

function ofDocument(texml: string, toPhone: string, { destinations, allowedHosts }: ScriptSettings): Scripted {
  const path = 'handler.texml';
  const { document, findings } = parseTexml(texml, 'us');
  if (document === null) throw refused('texml_invalid', firstErrors(findings, path));
  for (const target of targetsOf(document)) {
    if (target === toPhone) throw unacceptable('calls_itself', path, 'must not dial the number that is called');
    checkTarget(target, path, destinations);
  }
  for (const address of leadingAddresses(document).filter((one) => URL.canParse(one))) {
    const problem = outboundUrlProblem(address, allowedHosts);
    if (problem !== null) throw unacceptable('url_not_allowed', path, `leads to an address that ${problem}`);
  }
  return { handler: handlerOf('document'), script: { kind: 'documents', first: { texml }, fallbackUrl: null } };
}

function ofUrls(url: string, fallbackUrl: string | null, { allowedHosts }: ScriptSettings): Scripted {
  for (const [path, address] of [
    ['handler.url', url],
    ['handler.fallback_url', fallbackUrl],
  ] as const) {
    const problem = address === null ? null : outboundUrlProblem(address, allowedHosts);
    if (problem !== null) throw unacceptable('url_not_allowed', path, problem);
  }
  return { handler: handlerOf('url'), script: { kind: 'documents', first: { url }, fallbackUrl } };
}

/** Throws an ApiProblem (422) that says what is wrong with the flow, or with the values of its variables. */
function ofFlow({ name, version, flow, findings }: FlowFile, variables: Variables, path: string): Scripted {
  if (flow === null) throw refused('flow_invalid', firstErrors(findings, path));
  const completed = completeVariables(flow, variables);
  if (completed.kind === 'incomplete') {
    const errors = completed.problems.slice(0, MOST_ERRORS).map((problem) => ({
      path: `handler.variables.${problem.name.slice(0, 64)}`,
      message: VARIABLE_PROBLEMS[problem.code],
    }));
    throw refused('invalid_variables', errors);
  }
  const handler: TexmlHandler = { ...handlerOf('flow'), name, version, listens: listensForMachines(flow) };
  return { handler, script: { kind: 'flow', flow, variables: completed.variables } };
}

/** Continues the variable's name. What was given is not repeated. */
const VARIABLE_PROBLEMS = {
  missing: 'is required by the flow',
  unknown: 'is not a variable of the flow',
  not_text: 'must be text',
  too_long: 'is too long',
} as const;

const handlerOf = (source: TexmlHandler['source']): TexmlHandler => ({
  type: 'texml',
  source,
  name: null,
  version: null,
  listens: false,
});

const MOST_ERRORS = 5;

/** Where in the text, and what. */
function firstErrors(findings: readonly (Finding | FlowFinding)[], path: string): readonly FieldError[] {
  const errors = findings.filter(({ severity }) => severity === 'error').slice(0, MOST_ERRORS);
  return errors.map(({ line, column, message }) => ({ path, message: `line ${line}, column ${column}: ${message}` }));
}
