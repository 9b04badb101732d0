/** The documents in test/texml/corpus: what is right is taken, and what is wrong is said as in the JSON beside it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FINDING_CODES } from '../../../texml/findings';
import type { Finding } from '../../../texml/findings';
import { formatXml } from '../../../texml/formatter';
import { parseTexml } from '../../../texml/reader';
import { ROW_NAMES, rowNamed, rowOf } from '../../../texml/verbs';
import type { RowName } from '../../../texml/verbs';
import { writeTexml } from '../../../texml/writer';
import { elementsIn } from '../../../texml/xml-reader';
import type { XmlElement } from '../../../texml/xml-reader';
import { CORPUS, corpusDocuments, xmlOf } from './corpus';

const VALID = corpusDocuments('valid');
const INVALID = corpusDocuments('invalid');

const expectedOf = (file: string) =>
  JSON.parse(readFileSync(path.join(CORPUS, 'invalid', file.replace('.xml', '.json')), 'utf8')) as Finding[];

describe('valid documents', () => {
  test.each(VALID)('$file has no findings', ({ content }) => {
    expect(parseTexml(content)).toEqual({ document: expect.anything() as unknown, findings: [] });
  });

  test.each(VALID)('$file is the same after writing and reading', ({ content }) => {
    const { document } = parseTexml(content);
    expect(document && parseTexml(writeTexml(document)).document).toEqual(document);
  });

  test.each(VALID)('$file is formatted once and for all, without a finding', ({ content }) => {
    const once = formatXml(xmlOf(content));
    expect(parseTexml(once).findings).toEqual([]);
    expect(formatXml(xmlOf(once))).toBe(once);
  });

  test('have every element of the table in every place where it may stand', () => {
    const seen = new Set<string>();
    const look = (element: XmlElement, row: RowName): void => {
      for (const child of elementsIn(element)) {
        const inside = rowOf(child.name, row);
        if (!inside) continue;
        seen.add(`${inside} in ${row}`);
        look(child, inside);
      }
    };
    for (const { content } of VALID) look(xmlOf(content).root, 'Response');
    const known = ROW_NAMES.flatMap((row) => rowNamed(row).children.map((child) => `${child} in ${row}`));
    expect(known.filter((place) => !seen.has(place))).toEqual([]);
  });
});

describe('documents with something wrong', () => {
  test.each(INVALID)('$file: every finding, with its place', ({ file, content }) => {
    expect(parseTexml(content).findings).toEqual(expectedOf(file));
  });

  test.each(INVALID)('$file is handed on only when nothing is an error', ({ content }) => {
    const { document, findings } = parseTexml(content);
    expect(document === null).toBe(findings.some(({ severity }) => severity === 'error'));
  });

  test('show every code of a finding that one file can show', () => {
    const shown = new Set(INVALID.flatMap(({ file }) => expectedOf(file).map(({ code }) => code)));
    const missing = Object.keys(FINDING_CODES).filter((code) => !shown.has(code as Finding['code']));
    // 64 KiB are made in bad-inputs.test.ts; variables have no values before template.ts.
    expect(missing).toEqual(['too_large', 'unknown_variable']);
  });
});
