import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  readPlaywrightReport,
  readVitestReport,
  withFailuresOutsideTests,
} from '../../scripts/test-report.mjs';

describe("Vitest's report", () => {
  it('lists failed tests with why, and skipped ones', () => {
    const outcome = readVitestReport({
      testResults: [
        {
          name: resolve('src/a.test.ts'),
          status: 'failed',
          message: '',
          assertionResults: [
            { fullName: 'a holds', status: 'passed' },
            {
              fullName: 'a breaks',
              status: 'failed',
              failureMessages: ['Error: expected 1 to be 2\n    at a.test.ts:3'],
            },
            { fullName: 'a waits', status: 'skipped' },
            { fullName: 'a is planned', status: 'todo' },
          ],
        },
      ],
    });
    expect(outcome).toEqual({
      passed: 1,
      failed: ['src/a.test.ts › a breaks: Error: expected 1 to be 2'],
      skipped: ['src/a.test.ts › a waits', 'src/a.test.ts › a is planned'],
    });
  });

  it('counts a file that could not be loaded as failed', () => {
    const broken = {
      name: resolve('src/a.test.ts'),
      status: 'failed',
      message: 'no such module',
      assertionResults: [],
    };
    expect(readVitestReport({ testResults: [broken] }).failed).toEqual(['src/a.test.ts: no such module']);
  });
});

describe("Playwright's report", () => {
  it('lists failed tests with why, and skipped ones, with their suites', () => {
    const outcome = readPlaywrightReport({
      errors: [],
      suites: [
        {
          title: 'a.spec.ts',
          specs: [{ title: 'holds', tests: [{ status: 'expected' }] }],
          suites: [
            {
              title: 'offline',
              specs: [
                {
                  title: 'breaks',
                  tests: [
                    {
                      status: 'unexpected',
                      results: [{}, { error: { message: '\u001b[31mlate\u001b[39m' } }],
                    },
                  ],
                },
                { title: 'breaks at times', tests: [{ status: 'flaky' }] },
                { title: 'waits', tests: [{ status: 'skipped' }] },
              ],
            },
          ],
        },
      ],
    });
    expect(outcome).toEqual({
      passed: 1,
      failed: ['a.spec.ts › offline › breaks: late', 'a.spec.ts › offline › breaks at times'],
      skipped: ['a.spec.ts › offline › waits'],
    });
  });

  it('counts an error outside all tests as failed', () => {
    const report = { suites: [], errors: [{ message: 'a.spec.ts cannot be read\n  at line 1' }] };
    expect(readPlaywrightReport(report).failed).toEqual(['a.spec.ts cannot be read']);
  });
});

describe('failures outside tests', () => {
  const good = { passed: 3, failed: [], skipped: [] };
  it.each([
    ['a suite without a report', true, undefined],
    ['a suite that ran no test', true, { passed: 0, failed: [], skipped: ['a'] }],
    ['a suite that failed after its tests passed', false, good],
  ])('counts %s as failed', (_, isPassed, outcome) => {
    expect(withFailuresOutsideTests('unit', isPassed, outcome).failed).toHaveLength(1);
  });

  it('are named, also next to failed tests', () => {
    const failed = { ...good, failed: ['a breaks'] };
    expect(withFailuresOutsideTests('unit', false, failed, ['boom at a.ts:1']).failed).toEqual([
      'a breaks',
      'unit, outside its tests: boom at a.ts:1',
    ]);
  });

  it('returns any other outcome unchanged', () => {
    expect(withFailuresOutsideTests('unit', true, good)).toEqual(good);
  });
});
