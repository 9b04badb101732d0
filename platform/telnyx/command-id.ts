/** `command_id`: a UUIDv5 of a command's name, so every process that sends the command sends the same id. */
import { createHash } from 'node:crypto';

/** RFC 9562 wants a namespace; this one is ours and never changes, or repeats would no longer be recognised. */
const NAMESPACE = Buffer.from('0d3f6c1e5a7b4f2e9c8d1b2a3f4e5d6c', 'hex');

export function commandId(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
