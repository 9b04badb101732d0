/** The table as a JSON schema (2020-12) of documents in JSON: `{name, attributes, children}`, as the reader gives them. */
import { ROW_NAMES, rowNamed } from './verbs';
import { PAGES } from './verbs/row';
import type { Attribute, Row, ValueType } from './verbs/row';

type Schema = Readonly<Record<string, unknown>>;

export function texmlJsonSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A TeXML document',
    $ref: '#/$defs/Response',
    $defs: {
      ...Object.fromEntries(ROW_NAMES.map((name) => [name, elementSchema(rowNamed(name))])),
      SSML: { type: 'object', required: ['name', 'attributes', 'children'] },
    },
  };
}

function elementSchema({ tag, page, meaning, attributes, children, text }: Row): Schema {
  const required = Object.entries(attributes).flatMap(([name, attribute]) => (attribute.required ? [name] : []));
  const content: Schema[] = children.map((name) => ({ $ref: `#/$defs/${name}` }));
  if (text) content.push({ type: 'string' });
  if (text?.is.type === 'speech') content.push({ $ref: '#/$defs/SSML' });
  return {
    description: page === '' ? meaning : `${meaning} ${PAGES}/${page}`,
    type: 'object',
    properties: {
      name: { const: tag },
      attributes: {
        type: 'object',
        properties: Object.fromEntries(Object.entries(attributes).map(([name, one]) => [name, attributeSchema(one)])),
        required,
        additionalProperties: false,
      },
      children: {
        type: 'array',
        ...(content.length === 0 ? { maxItems: 0 } : { items: { anyOf: content } }),
        ...(text?.required && { minItems: 1 }),
      },
    },
    required: ['name', 'attributes', 'children'],
    additionalProperties: false,
  };
}

function attributeSchema({ is, meaning, default: byDefault }: Attribute): Schema {
  const about = { description: meaning, ...(byDefault !== undefined && { default: byDefault }) };
  const limit = limitOf(is);
  if (Object.keys(limit).length === 0) return { ...about, type: 'string' };
  // A value that is still to be filled in may be anything.
  const template = { type: 'string', pattern: '\\{\\{[^]*\\}\\}' };
  return { ...about, anyOf: [{ type: 'string', ...limit }, template] };
}

function limitOf(is: ValueType): Schema {
  switch (is.type) {
    case 'flag':
      return { enum: ['true', 'false'] };
    case 'word':
      return { enum: is.words };
    case 'words':
      return { pattern: `^(?:${is.words.join('|')})(?: (?:${is.words.join('|')}))*$` };
    case 'integer':
      return { pattern: '^[0-9]{1,16}$' };
    case 'decimal':
      return { pattern: '^[0-9]{1,16}(?:\\.[0-9]{1,16})?$' };
    case 'keys':
      return { pattern: `^[${is.keys}]${is.mayBeEmpty ? '*' : '+'}$` };
    case 'phoneNumber':
      return { pattern: '^\\+[1-9][0-9]{6,14}$' };
    case 'webSocketUrl':
      return { pattern: '^wss:' };
    case 'sipUri':
      return { pattern: '^sips?:' };
    case 'text':
      return {
        ...(is.pattern !== undefined && { pattern: `^(?:${is.pattern})$` }),
        ...(is.maxLength && { maxLength: is.maxLength }),
      };
    case 'url':
    case 'json':
    case 'speech':
      return {};
  }
}
