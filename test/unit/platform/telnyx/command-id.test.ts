import fc from 'fast-check';
import { commandName } from '../../../../domain/call';
import type { LegName } from '../../../../domain/call';
import { commandId } from '../../../../platform/telnyx/command-id';

const CALL_ID = 'COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0X';
const LEAD: LegName = { role: 'lead', participant: 'lead', attempt: 1 };

// Computed by Python's uuid.uuid5. An id that changed with a release would make a repeat across the release a second command to the carrier.
test.each([
  ['dial', '5b5ba1c6-fc0f-5065-b9e7-a4f2e06e1bae'],
  ['hang up', 'd48ecef3-592f-5ec4-a67b-89149953255a'],
  ['join 1', '35c66062-6778-55ae-8857-38333582ec61'],
])('the id of "%s" is the same as ever', (purpose, id) => {
  expect(commandId(commandName(CALL_ID, LEAD, purpose))).toBe(id);
});

test('an id is a UUID of version 5', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(commandId(name)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
});

test.each<[string, string]>([
  ['call', commandName('COLD_CALL_01JGZ0ABCDEFGHJKMNPQRSTV0Y', LEAD, 'dial')],
  ['role', commandName(CALL_ID, { ...LEAD, role: 'agent' }, 'dial')],
  ['participant', commandName(CALL_ID, { ...LEAD, participant: 'ana' }, 'dial')],
  ['attempt', commandName(CALL_ID, { ...LEAD, attempt: 2 }, 'dial')],
  ['purpose', commandName(CALL_ID, LEAD, 'hang up')],
])('another %s is another command', (_what, name) => {
  expect(commandId(name)).not.toBe(commandId(commandName(CALL_ID, LEAD, 'dial')));
});
