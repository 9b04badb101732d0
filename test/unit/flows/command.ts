/** `outcall flow …` in this process, which takes a hundredth of the time of a new one. */
import { flowCommand } from '../../../cli/commands/flow';
import { report } from '../../../cli/terminal';
import type { Ran } from '../../support/terminal';

export async function flow(...args: readonly string[]): Promise<Ran> {
  const ran = { exitCode: 0, stdout: '', stderr: '' };
  const write = (stream: 'stdout' | 'stderr') =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      ran[stream] += String(text);
      return true;
    });
  const spies = [write('stdout'), write('stderr')];
  const command = flowCommand((exitCode) => (ran.exitCode = exitCode));
  try {
    await command.exitOverride().parseAsync(args, { from: 'user' });
  } catch (error) {
    ran.exitCode = report(error);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return ran;
}
