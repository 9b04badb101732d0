/** The table of verbs: that it holds together, and that what is made from it is up to date. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { texmlJsonSchema } from '../../../texml/json-schema';
import { parseTexml } from '../../../texml/reader';
import { renderReference } from '../../../texml/reference';
import { RULES } from '../../../texml/rules';
import { TWIML_ATTRIBUTES, TWIML_ELEMENTS } from '../../../texml/twiml';
import { objectionTo } from '../../../texml/values';
import { isSsml, ROW_NAMES, rowNamed } from '../../../texml/verbs';
import { corpusDocuments } from './corpus';

const ATTRIBUTES = ROW_NAMES.flatMap((row) =>
  Object.entries(rowNamed(row).attributes).map(([name, attribute]) => ({ row, name, ...attribute })),
);

describe('the table', () => {
  test('names children that have a row, one for each tag in a place', () => {
    const wrong = ROW_NAMES.filter((row) => {
      const { children } = rowNamed(row);
      const known = children.filter((child) => (ROW_NAMES as readonly string[]).includes(child));
      return (
        known.length < children.length ||
        new Set(children.map((child) => rowNamed(child as typeof row).tag)).size < children.length
      );
    });
    expect(wrong).toEqual([]);
  });

  test('leads from Response to every row', () => {
    const reached = new Set<string>(['Response']);
    for (const row of reached) for (const child of rowNamed(row as 'Response').children) reached.add(child);
    expect(ROW_NAMES.filter((row) => !reached.has(row))).toEqual([]);
  });

  test('has defaults that are values of their attribute', () => {
    const wrong = ATTRIBUTES.filter((one) => one.default !== undefined && objectionTo(one.default, one.is));
    expect(wrong.map(({ row, name }) => `${row} ${name}`)).toEqual([]);
  });

  test('has rules only for rows', () => {
    expect(Object.keys(RULES).filter((row) => !(ROW_NAMES as readonly string[]).includes(row))).toEqual([]);
  });
});

test('docs/texml-reference.md is as the table says; npm run texml-reference writes it', () => {
  expect(readFileSync('docs/texml-reference.md', 'utf8')).toBe(renderReference());
});

describe('TwiML', () => {
  // The types of Twilio's own package, which are made from its definition of TwiML.
  const types = readFileSync(path.resolve('node_modules/twilio/lib/twiml/VoiceResponse.d.ts'), 'utf8');
  const interfaces = [...types.matchAll(/interface (\w+)Attributes(?: extends [^{]+)? \{([^]*?)\n {4}\}/g)];
  const TWIML = interfaces
    .map(([, tag = '', body = '']) => ({
      tag,
      attributes: [...body.matchAll(/^ {8}"?([\w:]+)"?\?:/gm)].map(([, name = '']) => name),
    }))
    // Twilio's SSML, and the elements that only ever stand in Sip.
    .filter(({ tag }) => !tag.startsWith('Ssml') && tag !== 'SipUri' && tag !== 'Header');

  test('has no element that we neither know nor call unsupported', () => {
    expect(TWIML.length).toBeGreaterThan(40);
    const known = (tag: string) => ROW_NAMES.some((row) => rowNamed(row).tag === tag) || TWIML_ELEMENTS.has(tag);
    expect(TWIML.map(({ tag }) => tag).filter((tag) => !known(tag))).toEqual([]);
  });

  test('has no attribute that we neither know nor call unsupported', () => {
    const unknown = TWIML.flatMap(({ tag, attributes }) => {
      const rows = ROW_NAMES.filter((row) => rowNamed(row).tag === tag);
      const isKnown = (name: string) =>
        rows.some((row) => name in rowNamed(row).attributes || TWIML_ATTRIBUTES.get(row)?.has(name));
      return rows.length === 0 ? [] : attributes.filter((name) => !isKnown(name)).map((name) => `${tag} ${name}`);
    });
    expect(unknown).toEqual([]);
  });

  test('has no element and no attribute twice: as ours and as unsupported', () => {
    const elements = [...TWIML_ELEMENTS.keys()].filter(
      (tag) => isSsml(tag) || rowNamed('Response').children.includes(tag),
    );
    const attributes = ROW_NAMES.flatMap((row) =>
      [...(TWIML_ATTRIBUTES.get(row)?.keys() ?? [])].filter((name) => name in rowNamed(row).attributes),
    );
    expect([...elements, ...attributes]).toEqual([]);
  });

  test('attributes are renamed to such that there are', () => {
    const wrong = ROW_NAMES.flatMap((row) =>
      [...(TWIML_ATTRIBUTES.get(row)?.values() ?? [])].filter(
        (at) => 'renamed' in at && !(at.renamed in rowNamed(row).attributes),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the JSON schema', () => {
  const schema = z.fromJSONSchema(texmlJsonSchema());

  test('takes every valid document of the corpus', () => {
    const documents = corpusDocuments('valid').map(({ file, content }) => ({
      file,
      document: parseTexml(content).document,
    }));
    const refused = documents.filter(({ document }) => !schema.safeParse(document).success);
    expect(refused.map(({ file }) => file)).toEqual([]);
  });

  test.each([
    ['another root', { name: 'Say', attributes: {}, children: ['x'] }],
    [
      'an unknown verb',
      { name: 'Response', attributes: {}, children: [{ name: 'Exec', attributes: {}, children: [] }] },
    ],
    [
      'an unknown attribute',
      { name: 'Response', attributes: {}, children: [{ name: 'Pause', attributes: { len: '1' }, children: [] }] },
    ],
    [
      'a value that is none of the words',
      { name: 'Response', attributes: {}, children: [{ name: 'Reject', attributes: { reason: 'no' }, children: [] }] },
    ],
    ['text in Response', { name: 'Response', attributes: {}, children: ['x'] }],
  ])('refuses %s', (_name, document) => {
    expect(schema.safeParse(document).success).toBe(false);
  });
});
