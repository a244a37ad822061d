#!/usr/bin/env node
import { join, relative } from 'node:path';
import { kernelVersion } from '../base/version.ts';
import { CommandError } from './command-error.ts';
import { createApp } from './create-app.ts';
import { help, readCommand } from './read-command.ts';
import { templates } from './templates.ts';

/** The built command is in dist/. */
const packageFolder = join(import.meta.dirname, '..');

function run(args: readonly string[]): void {
  const command = readCommand(args);
  switch (command.kind) {
    case 'help':
      return console.log(help);
    case 'version':
      return console.log(kernelVersion);
    case 'init': {
      const folder = createApp({ ...command, cwd: process.cwd(), packageFolder });
      const path = relative(process.cwd(), folder);
      console.log(`${folder} has a shared list in ${templates[command.template]}. Next:\n`);
      console.log(
        `  ${path === '' ? '' : `cd ${/\s/.test(path) ? JSON.stringify(path) : path} && `}npm install`,
      );
      console.log('  npm run dev\n');
    }
  }
}

try {
  run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof CommandError ? `kernel: ${error.message}` : error);
  process.exitCode = 1;
}
