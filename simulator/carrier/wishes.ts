/** Reading request bodies: small, tolerant of what is absent, exact about what is there. */
import type { AudioFormat, JsonObject } from './world';

export function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A non-empty string, or null. */
export function textOf(body: JsonObject, key: string): string | null {
  const value = body[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

export const isTrue = (body: JsonObject, key: string): boolean => body[key] === true;

/** A whole number, or the usual one when the key is absent or something else. */
export function wholeOf(body: JsonObject, key: string, usual: number): number {
  const value = body[key];
  return typeof value === 'number' && Number.isInteger(value) ? value : usual;
}

export function textsOf(body: JsonObject, key: string): readonly string[] {
  const value = body[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export const formatOf = (value: unknown, usual: AudioFormat): AudioFormat =>
  value === 'wav' || value === 'mp3' ? value : usual;

export const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

export const isE164 = (text: string): boolean => /^\+[1-9]\d{6,14}$/.test(text);

export const isSipUri = (text: string): boolean => /^sips?:[^@\s]+@[^@\s]+$/.test(text);
