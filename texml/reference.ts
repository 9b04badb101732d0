/** The reference page of the docs, written from the table of verbs. */
import { FINDING_CODES } from './findings';
import { TWIML_ELEMENTS } from './twiml';
import { ROW_NAMES, rowNamed } from './verbs';
import type { RowName } from './verbs';
import { PAGES } from './verbs/row';
import type { Attribute, Row, ValueType } from './verbs/row';

const KINDS = [
  ['verb', 'Verbs', 'What a document consists of, in the order in which it is carried out.'],
  ['noun', 'Nouns', 'What verbs act on.'],
  ['part', 'Parts', 'What stands inside of those.'],
] as const;

/** Markdown, as `docs/texml-reference.md` has it. */
export function renderReference(): string {
  const kinds = KINDS.flatMap(([kind, title, about]) => {
    const names = ROW_NAMES.filter((name) => rowNamed(name).kind === kind);
    return [`## ${title}`, '', about, '', ...names.flatMap(section)];
  });
  const findings = Object.entries(FINDING_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  const twiml = [...TWIML_ELEMENTS].map(([tag, instead]) => `| \`${tag}\` | ${cell(instead)} |`);
  return `${[
    '<!-- Written from texml/verbs.ts by `npm run texml-reference`. -->',
    '',
    '# TeXML: all elements',
    '',
    `Every element that Telnyx documents, as the reader, the linter and the builder know it. Source: <${PAGES}>, as of`,
    'autumn 2026. How to work with documents is in [texml.md](texml.md).',
    '',
    ...kinds,
    '## Findings of the linter',
    '',
    ...table(['code', 'means'], findings),
    '',
    '## TwiML that Telnyx does not have',
    '',
    ...table(['element', 'instead'], twiml),
  ].join('\n')}\n`;
}

function section(name: RowName): readonly string[] {
  const row = rowNamed(name);
  const attributes = Object.entries(row.attributes).map(([attribute, is]) => attributeLine(attribute, is));
  return [
    `### ${headingOf(name, row)}`,
    '',
    `${row.meaning} [Telnyx](${PAGES}/${row.page})`,
    '',
    ...contentOf(row),
    ...(attributes.length > 0 ? table(['attribute', 'value', 'default', ''], attributes) : ['No attributes.']),
    '',
  ];
}

/** Where one name means several things, with what stands around it. */
function headingOf(name: RowName, { tag }: Row): string {
  const parents = ROW_NAMES.filter((parent) => rowNamed(parent).children.includes(name)).map(
    (parent) => rowNamed(parent).tag,
  );
  const isAmbiguous = ROW_NAMES.filter((other) => rowNamed(other).tag === tag).length > 1;
  return isAmbiguous ? `${tag} in ${parents.join(', ')}` : tag;
}

function contentOf({ children, text }: Row): readonly string[] {
  const tags = children.map((name) => `\`${rowNamed(name as RowName).tag}\``);
  return [
    ...(text ? [`Text${text.required ? '' : ' (optional)'}: ${text.meaning}`, ''] : []),
    ...(tags.length > 0 ? [`Inside: ${tags.join(', ')}.`, ''] : []),
  ];
}

function attributeLine(name: string, { is, default: byDefault, required, meaning }: Attribute): string {
  const standard = required ? 'required' : byDefault === undefined ? '' : `\`${byDefault}\``;
  return `| \`${name}\` | ${cell(described(is))} | ${standard} | ${cell(meaning)} |`;
}

function described(is: ValueType): string {
  switch (is.type) {
    case 'flag':
      return '`true`, `false`';
    case 'word':
      return is.words.map((word) => `\`${word}\``).join(', ');
    case 'words':
      return `some of ${is.words.map((word) => `\`${word}\``).join(', ')}`;
    case 'integer': {
      const range = is.max === Number.MAX_SAFE_INTEGER ? `${is.min} or more` : `${is.min} to ${is.max}`;
      return is.or === undefined ? range : `${range}, or ${is.or}`;
    }
    case 'decimal':
      return `${is.min} to ${is.max}`;
    case 'keys':
      return `keys, of \`${is.keys}\``;
    case 'url':
      return 'URL';
    case 'webSocketUrl':
      return '`wss:` URL';
    case 'phoneNumber':
      return 'phone number in E.164';
    case 'sipUri':
      return 'SIP address';
    case 'json':
      return 'JSON object';
    case 'text':
      return is.expected ?? 'text';
    case 'speech':
      return `text of at most ${is.maxLength} characters`;
  }
}

function table(head: readonly string[], lines: readonly string[]): readonly string[] {
  return [`| ${head.join(' | ')} |`, `|${head.map(() => ' --- ').join('|')}|`, ...lines];
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
