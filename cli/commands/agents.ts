/** Commands about who is in a call: join, mute, unmute. */
import { Command } from 'commander';
import { createApiClient } from '../api-client';
import { print, printJson, remark } from '../terminal';
import { withCommon } from './calls';
import type { Common } from './calls';

const SOME_CALL = 'COLD_CALL_01M7YXKW0XRN315VDM8Q7PX1X0';

export function agentCommands(): Command[] {
  return [joinCommand(), muteCommand('mute'), muteCommand('unmute')];
}

function joinCommand(): Command {
  return withCommon(new Command('join').argument('<call_id>').argument('<client_id>', 'names the agent’s browser'))
    .description('ring an agent’s browser into a call')
    .addHelpText('after', `\nExamples:\n  outcall join ${SOME_CALL} ana\n  outcall join ${SOME_CALL} ana --json`)
    .action(async (callId: string, clientId: string, options: Common) => {
      const joined = await createApiClient(options).join(callId, clientId);
      if (options.json) {
        printJson(joined);
        return;
      }
      print(`${clientId} is rung at sip:${joined.sip_username}@sip.telnyx.com`);
      if (joined.login_token !== null) remark('the browser’s login token is printed with --json');
    });
}

function muteCommand(action: 'mute' | 'unmute'): Command {
  const does = action === 'mute' ? 'mute somebody in a call' : 'let somebody who was muted be heard again';
  return withCommon(new Command(action).argument('<call_id>').argument('<participant>', '"lead", or a client_id'))
    .description(does)
    .addHelpText('after', `\nExample:\n  outcall ${action} ${SOME_CALL} ana`)
    .action(async (callId: string, participant: string, options: Common) => {
      const done = await createApiClient(options).mute(callId, participant, action);
      if (options.json) printJson(done);
      else print(`${participant} is ${done.muted ? 'muted' : 'heard'}`);
    });
}
