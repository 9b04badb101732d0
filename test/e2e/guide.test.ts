/**
 * The guide that users had before Outcall, command by command: what it prints there works here. `$URL` and
 * `your_api_key` are its placeholders.
 */
import path from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../cli/programs/redis';
import type { RedisServer } from '../../cli/programs/redis';
import type { StatusDocument } from '../../domain/status';
import { aDataDir, provideCurl, shell, startOutcall, stopRunning } from '../support/terminal';
import type { Ran, Started } from '../support/terminal';

const API_KEY = 'key-of-the-guide';

const CONFERENCE_STARTED = `curl -X POST $URL/aicallgo/api/v1/cold-call/webhook/telnyx/conference-status \\
  -H "Content-Type: application/json" \\
  -d '{
    "data": {
      "event_type": "conference.started",
      "payload": {
        "conference_id": "test_123"
      }
    }
  }'`;
const ON_ONE_LINE = `curl -X POST $URL/aicallgo/api/v1/cold-call/webhook/telnyx/conference-status -H "Content-Type: application/json" -d '{"data":{"event_type":"conference.started","payload":{"conference_id":"test"}}}'`;
const INITIATE = `curl -X POST $URL/aicallgo/api/v1/cold-call/initiate \\
  -H "X-API-Key: your_api_key" \\
  -H "Content-Type: application/json" \\
  -d '{"to_phone": "+15559999999", "from_phone": "+15551234567", "provider": "telnyx"}'`;
const IS_THE_WEBHOOK_THERE = 'curl -v $URL/aicallgo/api/v1/cold-call/webhook/telnyx/conference-status';

describe('the guide', () => {
  const { dataDir, remove } = aDataDir();
  let redisServer: RedisServer;
  let redis: Redis;
  let start: Started;

  beforeAll(async () => {
    await provideCurl();
    redisServer = await startRedis({
      path: process.env['REDIS_SERVER_PATH'] ?? 'redis-server',
      logFile: path.join(dataDir, 'redis.log'),
    });
    redis = new Redis(redisServer.url);
    start = await startOutcall({
      DATA_DIR: dataDir,
      TELNYX_VALIDATE_SIGNATURE: 'False',
      REDIS_URL: redisServer.url,
      COLD_CALL_API_KEYS: API_KEY,
    });
  }, 90_000);
  afterAll(async () => {
    await stopRunning();
    redis.disconnect();
    await redisServer.stop();
    remove();
  });

  const paste = (command: string): Promise<Ran> => shell(command.replace('your_api_key', API_KEY), { URL: start.url });
  /** Log lines with this message, as an operator finds them with grep. */
  const logged = (message: string): readonly string[] =>
    start
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes(`"msg":"${message}`));

  test.each([
    { printed: 'over several lines', command: CONFERENCE_STARTED },
    { printed: 'on one line', command: ON_ONE_LINE },
  ])('the webhook test $printed answers ok and is logged', async ({ command }) => {
    const before = logged('Telnyx conference webhook received: conference.started').length;
    const { exitCode, stdout } = await paste(command);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '{"status":"ok"}' });
    await start.shows('conference.started');
    expect(logged('Telnyx conference webhook received: conference.started')).toHaveLength(before + 1);
  });

  test('curl -v of the webhook’s address shows that the route is there: 405 with Allow, not 404', async () => {
    const { stderr } = await paste(IS_THE_WEBHOOK_THERE);
    expect(stderr).toMatch(/< HTTP\/1\.1 405 /);
    expect(stderr).toMatch(/< Allow: POST/);
  });

  describe('a call', () => {
    let answer: Ran;
    let callId: string;
    beforeAll(async () => {
      answer = await paste(`${INITIATE} -w '\\n%{http_code}'`);
      callId = (JSON.parse(answer.stdout.split('\n')[0] ?? '') as StatusDocument).call_id;
    });

    test('is answered 201 with its conference id', () => {
      expect(answer.stdout).toMatch(/\n201$/);
      expect(JSON.parse(answer.stdout.split('\n')[0] ?? '')).toMatchObject({
        conference_id: callId,
        status: 'initiated',
        provider: 'telnyx',
      });
    });

    test('logs that the call was created and the conference prepared', async () => {
      await start.shows(`Conference ID prepared for Telnyx: ${callId}`);
      const [created] = logged('Telnyx outbound call created: call_control_id=v3:');
      expect(created).toContain(callId);
      expect(logged(`Conference ID prepared for Telnyx: ${callId}`)).not.toEqual([]);
    });

    test('is in Redis under cold_call_status:<conference id>', async () => {
      const text = await redis.get(`cold_call_status:${callId}`);
      expect(JSON.parse(text ?? 'null')).toMatchObject({
        conference_id: callId,
        status: expect.stringMatching(/^(ringing|answered|ended)$/) as string,
        participant_count: expect.any(Number) as number,
      });
    });
  });
});

describe('with signatures checked, as they are unless switched off', () => {
  const { dataDir, remove } = aDataDir();
  let start: Started;
  beforeAll(async () => {
    start = await startOutcall({ DATA_DIR: dataDir });
  }, 60_000);
  afterAll(async () => {
    await stopRunning();
    remove();
  });

  test('the unsigned webhook test is answered 401', async () => {
    const { stdout } = await shell(`${CONFERENCE_STARTED} -w '\\n%{http_code}'`, { URL: start.url });
    expect(stdout).toMatch(/"code":"invalid_signature".*\n401$/);
    expect(start.output()).not.toContain('conference.started');
  });
});
