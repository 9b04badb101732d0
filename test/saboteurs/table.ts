/**
 * Bugs of one line that somebody could write, and the tests that have to object to each. The text to be replaced stands
 * in its file exactly once; when the code has changed, the row changes with it.
 */

/** `seeds`: the simulation; everything else is the path of a test. */
export type Suite = 'seeds' | `${'unit' | 'e2e' | 'load'}/${string}`;

export interface Saboteur {
  readonly does: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly caughtBy: Suite;
}

const row = (caughtBy: Suite, does: string, file: string, from: string, to: string): Saboteur => ({
  does,
  file,
  from,
  to,
  caughtBy,
});

export const SABOTEURS: readonly Saboteur[] = [
  row(
    'seeds',
    'sends an unclear dial again without looking for the leg',
    'workflows/story/dialing.ts',
    "const look = dialing.unclearSinceMs === null ? 'absent' : await lookForLeg(call, dial, runtime, WEBHOOK_GRACE_MS);",
    "const look = 'absent' as Sight;",
  ),
  row(
    'seeds',
    'takes a look that failed for one that found nothing',
    'workflows/story/dialing.ts',
    'return look?.complete ?? false;',
    'return true;',
  ),
  row(
    'seeds',
    'dials the lead though a hangup was asked for',
    'workflows/call-story.ts',
    'facts.hangupRequestedAt === null && facts.endingAt === null && !hasLostAgent(call, facts);',
    'facts.endingAt === null && !hasLostAgent(call, facts);',
  ),
  row(
    'seeds',
    'dials however late',
    'workflows/story/dialing.ts',
    '|| runtime.now() > dial.notAfterMs) return false;',
    ') return false;',
  ),
  row(
    'seeds',
    'sends a dial that waited for its worker for minutes',
    'activities/command.ts',
    'const TOO_OLD_MS = 5_000;',
    'const TOO_OLD_MS = 500_000;',
  ),
  row(
    'seeds',
    'takes an unclear answer to a dial for a refusal',
    'workflows/story/dialing.ts',
    "dialing.unclearSinceMs ??= sentAtMs;\n      return 'again';",
    "refuse(leg, TOO_LATE, runtime);\n      return 'settled';",
  ),
  row(
    'seeds',
    'waits for the answer to the dial while somebody has picked up',
    'workflows/story/dialing.ts',
    "return unless((facts) => legNamed(facts, leg) !== null, answering, 'dialing', runtime);",
    "return unless((facts) => legNamed(facts, leg) === undefined, answering, 'dialing', runtime);",
  ),
  row(
    'seeds',
    'takes any leg that the answer to a dial names for ours',
    'activities/carrier-questions.ts',
    'const shown = confirmed || marked || (echoed && unmarked);',
    'const shown = confirmed || marked || (echoed && unmarked) || leg.attempt > 0;',
  ),
  row(
    'seeds',
    'names every command anew when it is repeated',
    'domain/call.ts',
    '${leg.participant}/${leg.attempt}/${purpose}`;',
    '${leg.participant}/${leg.attempt}/${purpose}/${Date.now()}`;',
  ),
  row(
    'seeds',
    'dials agents when the call is closing',
    'workflows/story/agents.ts',
    'const isWanted = (facts: Facts): boolean => !isClosing(facts);',
    "const isWanted = (facts: Facts): boolean => facts.endedAt !== 'never';",
  ),
  row(
    'seeds',
    'hangs up an agent’s leg that is not shown to be ours',
    'workflows/story/agents.ts',
    'for (const { identity: leg } of legs.filter(isShown)) {',
    'for (const { identity: leg } of legs) {',
  ),
  row(
    'seeds',
    'talks on in a conference that has ended',
    'workflows/call-story.ts',
    '!canGoOn(facts) || leftConference(facts) || isLateMachine(facts);',
    '!canGoOn(facts) || isLateMachine(facts);',
  ),
  row(
    'seeds',
    'forgets to hang up the agents',
    'workflows/story/ending.ts',
    'livingLegs(facts).every((leg) => isOutdone(facts, leg));',
    "livingLegs(facts).every((leg) => isOutdone(facts, leg) || leg.identity.role === 'agent');",
  ),
  row(
    'seeds',
    'forgets the leg of an agent who was being dialed at the end',
    'workflows/call-story.ts',
    '  // A dial to an agent that was under way may have left a leg.\n  await endEveryLeg(call, runtime);\n',
    '',
  ),
  row(
    'seeds',
    'hangs up, in the end, what is not shown to be ours',
    'workflows/story/ending.ts',
    'of livingLegs(runtime.facts()).filter(({ confirmed }) => confirmed)) {',
    'of livingLegs(runtime.facts())) {',
  ),
  row(
    'seeds',
    'takes a leg for over because a hangup was answered that it is unknown',
    'workflows/story/ending.ts',
    "      if (answer.kind === 'refused') {",
    "      if (answer.kind === 'gone') concludeHangup([leg], runtime);\n      if (answer.kind === 'refused') {",
  ),
  row(
    'seeds',
    'lets a stranger’s leg hold up the end of a call',
    'workflows/story/ending.ts',
    'livingLegs(facts).every((leg) => isOutdone(facts, leg));',
    'livingLegs(facts).length === 0;',
  ),
  row(
    'seeds',
    'asks the carrier nothing while it waits for webhooks',
    'workflows/story/asking.ts',
    "    await unless(predicate, ask(legs(runtime.facts()), call, runtime), 'asking', runtime);\n",
    '',
  ),
  row(
    'seeds',
    'lets a hangup after the end change the outcome',
    'domain/outcome.ts',
    'return hangupRequestedAt !== null && (endedAt === null || hangupRequestedAt <= endedAt);',
    'return hangupRequestedAt !== null || endedAt === undefined;',
  ),
  row(
    'seeds',
    'records though the notice was not heard',
    'workflows/story/recording.ts',
    "if (!(await say(call, 'notice', { say: call.recordingNotice }, runtime))) return;",
    "await say(call, 'notice', { say: call.recordingNotice }, runtime);",
  ),
  row(
    'seeds',
    'records from the answer where a notice comes first',
    'activities/dial-request.ts',
    '    ...(call.record &&\n      call.recordingNotice === null && {',
    '    ...(call.record && {',
  ),
  row(
    'seeds',
    'forgets a recording whose start was not answered',
    'workflows/story/recording.ts',
    "if (answer.kind === 'refused' || answer.kind === 'gone') return;",
    "if (answer.kind !== 'accepted') return;",
  ),
  row(
    'seeds',
    'hands over the recording of a call that nobody answered',
    'workflows/story/recording.ts',
    '(lead.recordingId !== null && (listed || answeredAt(lead) !== null))',
    '(lead.recordingId !== null && answeredAt !== undefined && listed !== undefined)',
  ),
  row(
    'seeds',
    'says everything twice',
    'workflows/story/speech.ts',
    '|| said(runtime.facts())?.completed !== false) break;',
    ') break;',
  ),
  row(
    'seeds',
    'leaves the message to whoever answers',
    'workflows/story/machine.ts',
    'return !isMachine(runtime.facts());',
    "return call.answeringMachine.policy === 'hang_up' && !isMachine(runtime.facts());",
  ),
  row(
    'seeds',
    'hangs up on the lead without an apology',
    'workflows/call-story.ts',
    "  await say(call, 'apology', { say: APOLOGY }, runtime);\n",
    '',
  ),
  row(
    'seeds',
    'leaves the lead in silence when the agent has dropped',
    'workflows/call-story.ts',
    "if (mustPlay) await runtime.carrier.playInConference({ callId, legs, sound: 'hold' });",
    'if (mustPlay && APOLOGY.length === 0) await runtime.carrier.stopPlaying({ callId, legs });',
  ),
  row(
    'seeds',
    'lets the agent hear ringback while the lead talks',
    'workflows/story/conference.ts',
    'while (remaining().length > 0 &&',
    'while (remaining().length > 99 &&',
  ),
  row(
    'unit/domain/facts',
    'forgets that facts come in any order',
    'domain/facts.ts',
    "case 'left':\n      return { ...leg, lastLeftAt: latest(leg.lastLeftAt, event.at) };",
    "case 'left':\n      return { ...leg, lastLeftAt: event.at };",
  ),
  row(
    'unit/activities/failures',
    'takes a reset connection for a request that was never sent',
    'activities/failures.ts',
    "const NEVER_SENT = ['ECONNREFUSED',",
    "const NEVER_SENT = ['ECONNRESET', 'ECONNREFUSED',",
  ),
  row(
    'unit/platform/telnyx/client.test',
    'lets the SDK send requests again by itself',
    'platform/telnyx/client.ts',
    'maxRetries: 0,',
    'maxRetries: 2,',
  ),
  row(
    'unit/platform/telnyx/events',
    'takes events of another installation for ours',
    'platform/telnyx/events.ts',
    'if (state?.installation !== learned.installation)',
    'if (!state)',
  ),
  row(
    'unit/server/authentication',
    'lets any key in',
    'server/authentication.ts',
    'if (matches === 0) {',
    'if (matches < 0) {',
  ),
  row(
    'e2e/api',
    'answers a webhook before Temporal has it',
    'server/webhooks.ts',
    'await receive(request);',
    'void receive(request).catch(() => undefined);',
  ),
  row(
    'load/fuzz',
    'thinks for 300 ms about one request in fifty',
    'server/app.ts',
    "response.set('Cache-Control', 'no-store');",
    "response.set('Cache-Control', 'no-store'); if (Math.random() < 0.02) for (const endsAtMs = Date.now() + 300; Date.now() < endsAtMs; );",
  ),
];
