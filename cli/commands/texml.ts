/** `outcall texml`: for people who write TeXML documents. What is right and wrong is decided in `texml/`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { convertTwiml } from '../../texml/convert';
import type { Finding } from '../../texml/findings';
import { formatXml } from '../../texml/formatter';
import { texmlJsonSchema } from '../../texml/json-schema';
import { parseTexml } from '../../texml/reader';
import { readXml } from '../../texml/xml-reader';
import type { XmlDocument } from '../../texml/xml-reader';
import { CommandFailure, EXIT, print, printJson, remark } from '../terminal';
import { texmlRunCommand } from './texml-run';

const STANDARD_INPUT = '-';

/** `finish` is told the exit code. */
export function texmlCommand(finish: (exitCode: number) => void): Command {
  const texml = new Command('texml')
    .description('check, format, convert and play TeXML documents')
    .addHelpText('after', '\nExamples:\n  outcall texml lint menu.xml\n  outcall texml run menu.xml --press 1');
  for (const command of [
    lintCommand(finish),
    formatCommand(),
    convertCommand(finish),
    schemaCommand(),
    texmlRunCommand(finish),
  ]) {
    texml.addCommand(command.exitOverride());
  }
  return texml;
}

function lintCommand(finish: (exitCode: number) => void): Command {
  return new Command('lint')
    .argument('<files...>', 'documents; - is standard input')
    .description('say what is wrong in documents, with line and column; ends with 1 when there is an error')
    .option('--json', 'print one JSON object: {files: [{file, findings}]}')
    .addHelpText(
      'after',
      '\nExamples:\n  outcall texml lint flows/*.xml\n  curl -s https://example.com/menu | outcall texml lint -',
    )
    .action((files: string[], { json }: { json?: true }) => {
      const linted = files.map((file) => ({ file, findings: parseTexml(contentOf(file)).findings }));
      if (json) printJson({ files: linted });
      else for (const { file, findings } of linted) for (const finding of findings) print(lineFor(file, finding));
      const all = linted.flatMap(({ findings }) => findings);
      const errors = all.filter(({ severity }) => severity === 'error').length;
      if (!json)
        remark(
          `${counted(files.length, 'document')}, ${counted(errors, 'error')}, ${counted(all.length - errors, 'warning')}`,
        );
      finish(errors > 0 ? EXIT.failure : EXIT.ok);
    });
}

function formatCommand(): Command {
  return new Command('fmt')
    .argument('<files...>', 'documents; - is standard input')
    .description('print documents with regular indentation; comments and text stay')
    .option('--write', 'write them back into their files')
    .addHelpText('after', '\nExamples:\n  outcall texml fmt menu.xml\n  outcall texml fmt --write flows/*.xml')
    .action((files: string[], { write }: { write?: true }) => {
      for (const file of files) {
        const before = contentOf(file);
        const after = formatXml(xmlIn(file, before));
        if (!write || file === STANDARD_INPUT) process.stdout.write(after);
        else if (after !== before.toString()) {
          writeFileSync(file, after);
          remark(`${file} formatted`);
        }
      }
    });
}

function convertCommand(finish: (exitCode: number) => void): Command {
  return new Command('convert')
    .argument('<file>', 'a TwiML document; - is standard input')
    .description('make TeXML of TwiML; ends with 1 when something is left to do')
    .option('--json', 'print one JSON object: {texml, changes, findings}')
    .addHelpText(
      'after',
      '\nExamples:\n  outcall texml convert twiml.xml > texml.xml\n  outcall texml convert twiml.xml --json',
    )
    .action((file: string, { json }: { json?: true }) => {
      const { document, changes } = convertTwiml(xmlIn(file, contentOf(file)));
      const texml = formatXml(document);
      const { findings } = parseTexml(texml);
      if (json) printJson({ texml, changes, findings });
      else process.stdout.write(texml);
      if (!json) {
        for (const { line, column, kind, message } of changes)
          remark(`${shown(file)}:${line}:${column}: ${kind}: ${message}`);
        for (const finding of findings) remark(lineFor('converted', finding));
      }
      const isDone =
        changes.every(({ kind }) => kind === 'done') && findings.every(({ severity }) => severity !== 'error');
      finish(isDone ? EXIT.ok : EXIT.failure);
    });
}

function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON schema of documents in JSON: {name, attributes, children}')
    .addHelpText('after', '\nExample:\n  outcall texml schema > texml.schema.json')
    .action(() => {
      print(JSON.stringify(texmlJsonSchema(), null, 2));
    });
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file === STANDARD_INPUT ? 0 : file);
  } catch (error) {
    // "ENOENT: no such file or directory, open 'menu.xml'"
    throw new CommandFailure(String(error).replace(/^Error: /, ''));
  }
}

function xmlIn(file: string, content: Buffer): XmlDocument {
  const reading = readXml(content);
  if ('refused' in reading) throw new CommandFailure(lineFor(file, reading.refused));
  return reading;
}

/** `menu.xml:4:11: error: expected …; write "5" [bad_value]`: a form that editors know how to follow. */
function lineFor(file: string, { line, column, severity, code, message, suggestion }: Finding): string {
  const advice = suggestion === null ? '' : `; ${suggestion}`;
  return `${shown(file)}:${line}:${column}: ${severity}: ${message}${advice} [${code}]`;
}

function shown(file: string): string {
  return file === STANDARD_INPUT ? 'stdin' : file;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
