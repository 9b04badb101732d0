/** What JSON leaves of a value on its way: nothing that is undefined, and nothing shared with whoever sent it. */
export function overTheWire(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null) return sent;
  if (Array.isArray(sent)) return sent.map(overTheWire);
  const received: Record<string, unknown> = {};
  for (const name of Object.keys(sent)) {
    const value = (sent as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) received[name] = overTheWire(value);
  }
  return received;
}
