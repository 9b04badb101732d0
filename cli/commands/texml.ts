/** `outcall texml`: for people who write TeXML documents. What is right and wrong is decided in `texml/`. */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { convertTwiml } from '../../texml/convert';
import { formatXml } from '../../texml/formatter';
import { texmlJsonSchema } from '../../texml/json-schema';
import { parseTexml } from '../../texml/reader';
import { readXml } from '../../texml/xml-reader';
import type { XmlDocument } from '../../texml/xml-reader';
import { contentOf, lineFor, printFindings, shown, STANDARD_INPUT } from '../linting';
import { CommandFailure, EXIT, print, printJson, remark } from '../terminal';
import { texmlRunCommand } from './texml-run';

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
      finish(printFindings(linted, { what: 'document', json: json === true }));
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

function xmlIn(file: string, content: Buffer): XmlDocument {
  const reading = readXml(content);
  if ('refused' in reading) throw new CommandFailure(lineFor(file, reading.refused));
  return reading;
}
