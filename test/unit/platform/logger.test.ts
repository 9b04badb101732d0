import { createLogger } from '../../../platform/logger';

function linesOf(log: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  log(createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } }));
  return lines.join('');
}

test.each<[string, (logger: ReturnType<typeof createLogger>) => void]>([
  [
    'a field',
    (logger) => {
      logger.info({ to: '+12025550123' }, 'dialed');
    },
  ],
  [
    'a message',
    (logger) => {
      logger.info('dialing +12025550123 with KEY0123456789_canary');
    },
  ],
  [
    'an error',
    (logger) => {
      logger.error(new Error('422 for {"to":"+12025550123","auth":"Bearer canary"}'));
    },
  ],
  [
    'headers',
    (logger) => {
      logger.info({ req: { headers: { 'x-api-key': 'canary', authorization: 'canary' } } });
    },
  ],
  [
    'a configuration',
    (logger) => {
      logger.info({ carrier: { apiKey: 'canary' }, password: 'canary' });
    },
  ],
])('%s shows neither a phone number nor a key', (_where, log) => {
  expect(linesOf(log)).not.toMatch(/2025550123|canary/);
});

test('a line carries the fields of its child logger', () => {
  const [line] = linesOf((logger) => {
    logger.child({ callId: 'COLD_CALL_1' }).info('ended');
  }).split('\n');
  expect(JSON.parse(line ?? '')).toMatchObject({ callId: 'COLD_CALL_1', msg: 'ended' });
});

test('line ends and controls of terminals are escaped, and read back as they were', () => {
  const nasty = 'a\r\n\u001b[31m\u007f\u0085\u009b31m\u2028\u2029b';
  const line = linesOf((logger) => {
    logger.info({ nasty }, nasty);
  });
  expect(line).toMatch(/^[\u0020-\u007e]+\n$/);
  expect(JSON.parse(line)).toMatchObject({ nasty, msg: nasty });
});
