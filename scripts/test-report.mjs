import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** @typedef {{ passed: number, failed: readonly string[], skipped: readonly string[] }} Outcome the names of skipped tests, and of failed ones with why */

/**
 * @param {{ testResults: readonly { name: string, status: string, message: string, assertionResults: readonly { fullName: string, status: string, failureMessages?: readonly string[] }[] }[] }} report
 *   as Vitest's JSON reporter writes it
 * @returns {Outcome}
 */
export function readVitestReport({ testResults }) {
  const files = testResults.map((file) => ({ ...file, name: relative(process.cwd(), file.name) }));
  const tests = files.flatMap((file) =>
    file.assertionResults.map(({ fullName, status, failureMessages = [] }) => ({
      name: `${file.name} › ${fullName}`,
      status,
      why: failureMessages[0],
    })),
  );
  // A file that cannot be loaded reports no tests.
  const broken = files.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: [
      ...tests.filter(({ status }) => status === 'failed').map(withReason),
      ...broken.map(({ name, message }) => withReason({ name, why: message })),
    ],
    skipped: tests.filter(({ status }) => status !== 'passed' && status !== 'failed').map(({ name }) => name),
  };
}

/** @typedef {{ title: string, file?: string, specs?: readonly { title: string, tests: readonly { status: string, results?: readonly { error?: { message?: string } }[] }[] }[], suites?: readonly Suite[] }} Suite */

/**
 * @param {{ suites: readonly Suite[], errors: readonly { message?: string }[] }} report as Playwright's JSON reporter writes it
 * @returns {Outcome}
 */
export function readPlaywrightReport({ suites, errors }) {
  const tests = suites.flatMap((suite) => testsOf(suite, ''));
  // A flaky test failed at least once.
  return {
    passed: tests.filter(({ status }) => status === 'expected').length,
    failed: [
      ...tests.filter(({ status }) => status === 'unexpected' || status === 'flaky').map(withReason),
      ...errors.map(({ message }) => firstLine(message) ?? 'an error outside all tests'),
    ],
    skipped: tests.filter(({ status }) => status === 'skipped').map(({ name }) => name),
  };
}

/** @param {Suite} suite @param {string} above @returns {readonly { name: string, status: string, why: string | undefined }[]} */
function testsOf(suite, above) {
  const path = above === '' ? suite.title : `${above} › ${suite.title}`;
  const named = (suite.specs ?? []).flatMap(({ title, tests }) =>
    tests.map(({ status, results = [] }) => ({
      name: `${path} › ${title}`,
      status,
      why: results.find(({ error }) => error)?.error?.message,
    })),
  );
  return [...named, ...(suite.suites ?? []).flatMap((inner) => testsOf(inner, path))];
}

/** @param {{ name: string, why: string | undefined }} failed */
function withReason({ name, why }) {
  const line = firstLine(why);
  return line ? `${name}: ${line}` : name;
}

/** Playwright colors its messages. @param {string | undefined} message */
function firstLine(message) {
  return message && stripVTControlCharacters(message).split('\n')[0];
}

/**
 * Counts a suite as failed if it ran no test, crashed, or failed outside its tests.
 * @param {string} suite @param {boolean} isPassed by its exit code @param {Outcome | undefined} outcome undefined without a report
 * @param {readonly string[]} [errors] thrown outside all tests
 * @returns {Outcome}
 */
export function withFailuresOutsideTests(suite, isPassed, outcome, errors = []) {
  if (outcome === undefined) return { passed: 0, failed: [`${suite}: ended without a report`], skipped: [] };
  const { passed, skipped } = outcome;
  const failed = [...outcome.failed, ...errors.map((error) => `${suite}, outside its tests: ${error}`)];
  if (failed.length > 0) return { passed, failed, skipped };
  if (!isPassed) return { passed, failed: [`${suite}: failed outside its tests`], skipped };
  if (passed === 0) return { passed, failed: [`${suite}: ran no test`], skipped };
  return outcome;
}
