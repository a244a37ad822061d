import { parseArgs } from 'node:util';
import { kernelVersion } from '../base/version.ts';
import { CommandError } from './command-error.ts';
import { isTemplate, templateNames, type Template } from './templates.ts';

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'init'; readonly folder: string; readonly template: Template; readonly kernel: string };

export const help = `kernel: starts apps on @MaiaOS/kernel.

Usage: npx @maiaos/kernel init [FOLDER] [--template NAME]

init writes a small app into an empty folder, by default the current one: a list that people share by a link, and a line
with the sync state. It asks nothing, installs nothing, and changes no existing file.

  --template NAME  ${templateNames}; default: vanilla
  --kernel SPEC    where the app gets the kernel from: a path of a tarball, or a version as in package.json;
                   default: npm:@maiaos/kernel@^${kernelVersion}
  --help           print this help
  --version        print the version

To run a relay, use the command maia-relay: npx --package @maiaos/kernel maia-relay --help`;

/** Throws a CommandError. */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.version) return { kind: 'version' };
  const [name, folder = '.', ...more] = positionals;
  if (values.help || name === undefined || name === 'help') return { kind: 'help' };
  if (name !== 'init')
    throw new CommandError(
      `There is no command ${JSON.stringify(name)}, only \`init\`; \`--help\` explains it.`,
    );
  if (more.length > 0)
    throw new CommandError('init takes one folder; put its name in quotation marks if it has spaces.');
  const { template = 'vanilla', kernel = `npm:@maiaos/kernel@^${kernelVersion}` } = values;
  if (!isTemplate(template))
    throw new CommandError(`There is no template ${JSON.stringify(template)}; use ${templateNames}.`);
  if (folder.trim() === '' || kernel.trim() === '')
    throw new CommandError(
      'The folder and the value of `--kernel` must not be empty; leave them out instead.',
    );
  return { kind: 'init', folder, template, kernel };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        template: { type: 'string', short: 't' },
        kernel: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean' },
      },
    });
  } catch (error) {
    // The messages of parseArgs name the option, some in several sentences.
    const [reason = ''] = error instanceof Error ? error.message.split(/[.\n]/) : [];
    throw new CommandError(`${reason}; \`--help\` lists the options.`, { cause: error });
  }
}
