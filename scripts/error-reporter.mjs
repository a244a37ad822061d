import { writeFileSync } from 'node:fs';

/** A reporter of Vitest that writes what failed outside all tests, which its JSON reporter leaves out. */
export default class ErrorReporter {
  /** @param {unknown} _modules @param {readonly { message: string, stack?: string }[]} errors */
  onTestRunEnd(_modules, errors) {
    const file = process.env.MAIA_ERRORS_FILE;
    if (file !== undefined) writeFileSync(file, JSON.stringify(errors.map(firstLines)));
  }
}

/** @param {{ message: string, stack?: string }} error its message and where it was thrown */
function firstLines({ message, stack = '' }) {
  const [place] = stack.split('\n').filter((line) => line.trim().startsWith('at '));
  return [message.split('\n')[0], ...(place === undefined ? [] : [place.trim()])].join(' ');
}
