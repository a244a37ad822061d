import { describe, expect, it } from 'vitest';
import { CommandError } from './command-error.ts';
import { help, readCommand } from './read-command.ts';
import { templateNames, templates } from './templates.ts';

describe('readCommand', () => {
  it('takes a folder and a template', () => {
    expect(readCommand(['init', 'my-app', '--template', 'react'])).toEqual({
      kind: 'init',
      folder: 'my-app',
      template: 'react',
      kernel: 'npm:@maiaos/kernel@^0.1.0',
    });
  });

  it('starts a vanilla app in the current folder by default', () => {
    expect(readCommand(['init'])).toMatchObject({ folder: '.', template: 'vanilla' });
  });

  it.each([[[]], [['help']], [['--help']], [['init', '--help']], [['init', 'a', 'b', '-h']]])(
    'explains itself for %j',
    (args) => {
      expect(readCommand(args)).toEqual({ kind: 'help' });
    },
  );

  it('prints its version', () => {
    expect(readCommand(['--version'])).toEqual({ kind: 'version' });
  });

  it.each([
    [['start'], 'There is no command "start", only `init`; `--help` explains it.'],
    [['init', 'a', 'b'], 'init takes one folder; put its name in quotation marks if it has spaces.'],
    [['init', '--template', 'angular'], 'There is no template "angular"; use vanilla, svelte, react or vue.'],
    [
      ['init', '--template', 'toString'],
      'There is no template "toString"; use vanilla, svelte, react or vue.',
    ],
    [['init', '--tmplate', 'vue'], "Unknown option '--tmplate'; `--help` lists the options."],
    [['init', '--template'], "Option '-t, --template <value>' argument missing; `--help` lists the options."],
    [['init', ''], 'The folder and the value of `--kernel` must not be empty; leave them out instead.'],
    [
      ['init', 'a', '--kernel', ' '],
      'The folder and the value of `--kernel` must not be empty; leave them out instead.',
    ],
  ])('refuses %j in one sentence', (args, sentence) => {
    expect(() => readCommand(args)).toThrow(new CommandError(sentence));
  });

  it('names every template in the help', () => {
    expect(templateNames.split(/, | or /)).toEqual(Object.keys(templates));
    expect(help).toContain(templateNames);
  });
});
