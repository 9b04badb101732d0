/** Asks Temporal's visibility, which follows by about a second, for calls to the same person. */
import { Context } from '@temporalio/activity';
import type { TexmlSettings } from './texml-calls';

/** @param leadKey the keyed hash of a number, as calls carry it in the search attribute LeadKey */
export function createOtherCalls(leadKey: (number: string) => string): TexmlSettings['otherCallsTo'] {
  return async ({ callId, toPhone, since }) => {
    const { workflow } = Context.current().client;
    const query = `LeadKey = '${leadKey(toPhone)}' AND StartTime >= '${since}' AND WorkflowId != '${callId}'`;
    return (await workflow.count(query)).count;
  };
}
