/** Makes a failing seed small: takes away every fault, call and wish without which it fails all the same. */
import type { Pinned, Plan, PlannedCall } from './plan';
import { runScenario } from './world';
import type { Run } from './world';

/** The least that still violates the same oracle. */
export async function shrink(failed: Run): Promise<Pinned> {
  const oracle = failed.violations[0]?.oracle;
  const fails = async (scenario: Pinned): Promise<boolean> =>
    (await runScenario(scenario)).violations.some((violation) => violation.oracle === oracle);
  let least = pin(failed);
  for (let better = true; better;) {
    better = false;
    for (const smaller of smallerThan(least)) {
      if (!(await fails(smaller))) continue;
      least = smaller;
      better = true;
      break;
    }
  }
  return least;
}

function pin({ seed, plan, met }: Run): Pinned {
  return { seed, plan, faults: Object.fromEntries(met.map(({ occasion, kind }) => [occasion, kind])) };
}

/** The same with one thing less, each in turn; the last faults first, for what came before decides them. */
function* smallerThan(scenario: Pinned): Iterable<Pinned> {
  const { plan, faults } = scenario;
  const withPlan = (change: Partial<Plan>): Pinned => ({ ...scenario, plan: { ...plan, ...change } });
  const withCall = (call: PlannedCall, change: Partial<PlannedCall>): Pinned =>
    withPlan({ calls: plan.calls.map((one) => (one === call ? { ...one, ...change } : one)) });
  if (plan.calls.length > 1) for (const call of plan.calls) yield withPlan({ calls: [call] });
  if (plan.skewMs !== 0) yield withPlan({ skewMs: 0 });
  for (const call of plan.calls) {
    for (const wish of call.wishes) yield withCall(call, { wishes: call.wishes.filter((one) => one !== wish) });
    for (const phone of call.phones) yield withCall(call, { phones: call.phones.filter((one) => one !== phone) });
  }
  for (const occasion of Object.keys(faults).reverse()) {
    yield { ...scenario, faults: Object.fromEntries(Object.entries(faults).filter(([name]) => name !== occasion)) };
  }
}
