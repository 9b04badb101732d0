/** The documents of test/texml/corpus. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readXml } from '../../../texml/xml-reader';
import type { XmlDocument } from '../../../texml/xml-reader';

export const CORPUS = path.resolve('test/texml/corpus');

export function corpusDocuments(folder: 'valid' | 'invalid' | 'twiml'): readonly { file: string; content: Buffer }[] {
  const files = readdirSync(path.join(CORPUS, folder)).filter((file) => file.endsWith('.xml'));
  return files.map((file) => ({ file, content: readFileSync(path.join(CORPUS, folder, file)) }));
}

/** Throws when it is no XML. */
export function xmlOf(content: string | Uint8Array): XmlDocument {
  const reading = readXml(content);
  if ('refused' in reading) throw new Error(reading.refused.message);
  return reading;
}
