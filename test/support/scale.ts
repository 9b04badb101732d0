/** How much to run: more at larger scales. */
export function atScale<T>(amounts: { readonly quick: T; readonly ci: T; readonly full: T }): T {
  const scale = process.env['TEST_SCALE'] ?? 'quick';
  return amounts[scale as keyof typeof amounts];
}
