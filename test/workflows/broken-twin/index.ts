/** A deploy with a bug that every call meets at once. */
export function coldCall(): Promise<never> {
  const answered = undefined as unknown as { readonly at: string };
  return Promise.reject(new Error(answered.at));
}
