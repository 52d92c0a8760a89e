// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * What programs that are started by hand have in common: options, how wrong ones are told, an orderly end.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ProtocolError } from '../protocol/errors.ts';
import { UsageError } from '../register/command_files.ts';

/**
 * Reads the options of the command line.
 *
 * @param options - As `parseArgs` takes them.
 * @throws {@link UsageError} for an option that there is not, or a value that is missing.
 */
export function readOptions<const Options extends NonNullable<ParseArgsConfig['options']>>(
  options: Options,
): ReturnType<typeof parseArgs<{ options: Options }>>['values'] {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the options are malformed');
  }
}

/**
 * The value of an option that must be given.
 *
 * @throws {@link UsageError} if it is missing or empty.
 */
export function required<Name extends string>(values: { readonly [name in Name]?: unknown }, name: Name): string {
  const value = values[name];
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} is missing`);
  return value;
}

/**
 * Reads a number of an option.
 *
 * @param text - The option's value.
 * @param name - Its name, for the error.
 * @param largest - The largest that is allowed.
 * @throws {@link UsageError} if it is no whole number from 0 to that.
 */
export function wholeNumber(text: string, name: string, largest: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= largest)) throw new UsageError(`--${name} must be a whole number up to ${String(largest)}`);
  return value;
}

/** Largest port. */
export const LARGEST_PORT = 65_535;

/** Ends the program in order, with exit code 0, when it is interrupted or told to terminate. */
export function endWith(end: () => Promise<unknown>): void {
  const once = (): void => void end().then(() => process.exit(0));
  process.once('SIGINT', once);
  process.once('SIGTERM', once);
}

/**
 * Runs a program; tells what went wrong, and exits 2 after wrong usage and 1 otherwise.
 *
 * @param name - Of the program, for messages.
 * @param help - Shown after wrong usage.
 * @param main - The program; it goes on after it has returned if it listens.
 */
export function runProgram(name: string, help: string, main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${help}`);
      process.exit(2);
    }
    console.error(error instanceof ProtocolError ? `${name}: ${error.code}: ${error.message}` : error);
    process.exit(1);
  });
}
