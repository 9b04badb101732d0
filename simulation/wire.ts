/** What JSON leaves of a value on its way: nothing that is undefined, and nothing shared with whoever sent it. */
export function overTheWire(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null) return sent;
  if (Array.isArray(sent)) return sent.map(overTheWire);
  const received: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(sent)) if (value !== undefined) received[name] = overTheWire(value);
  return received;
}
