// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * `npm run docs:openapi`: writes the types of the platform client from the OpenAPI document of the verifier.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { createPlatformApp } from '../src/platform/app.ts';
import type { PlatformDeps } from '../src/platform/deps.ts';
import { ROOT } from './circuits/compile.ts';

/** The generated file. */
export const TYPES_FILE = join(ROOT, 'src', 'platform', 'client', 'openapi.ts');

const HEADER = `// SPDX-License-Identifier: Apache-2.0
/**
 * The verifier's HTTP interface as types. Generated from its OpenAPI document by \`npm run docs:openapi\`: never edited.
 *
 * @module
 */
`;

/** The document of a verifier; nothing in it depends on where it runs but the server's address. */
async function documentOf(): Promise<object> {
  // Only what the description is made from: no request is answered.
  const deps = { origin: 'https://platform.example', apiKeys: [], walletUrl: 'https://wallet.example/present' };
  const app = createPlatformApp(deps as unknown as PlatformDeps);
  return (await (await app.request('/openapi.json')).json()) as object;
}

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>>
  >;
}

/** The part that a backend calls, with the answers that are not problems: those have one form. */
function backendPart(document: Document): Document {
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith('/v1/'));
  const withoutProblems = ([method, operation]: [string, Document['paths'][string][string]]) => {
    const responses = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
    return [method, { ...operation, responses: Object.fromEntries(responses) }] as const;
  };
  return {
    ...document,
    paths: Object.fromEntries(
      paths.map(([path, operations]) => [path, Object.fromEntries(Object.entries(operations).map(withoutProblems))]),
    ),
  };
}

/** What may be absent may be undefined, for callers and for compilers that tell the two apart. */
function allowUndefined(node: ts.Node): ts.Node {
  const { factory } = ts;
  const undefinedType = factory.createKeywordTypeNode(ts.SyntaxKind.UndefinedKeyword);
  const visitor: ts.Visitor = (visited) => {
    const inner = ts.visitEachChild(visited, visitor, undefined);
    if (!ts.isPropertySignature(inner) || inner.questionToken === undefined || inner.type === undefined) return inner;
    if (inner.type.kind === ts.SyntaxKind.NeverKeyword) return inner;
    const type = factory.createUnionTypeNode([inner.type, undefinedType]);
    return factory.updatePropertySignature(inner, inner.modifiers, inner.name, inner.questionToken, type);
  };
  return ts.visitNode(node, visitor) ?? node;
}

/** The declarations that the client uses. */
const USED: readonly string[] = ['paths', 'components'];

/** Comments in the words of the house: what a tag says that the type says, too, is left out. */
function withPlainComments(text: string): string {
  return text
    .replace(/^\s*\/\*\* @enum \{\w+\} \*\/\n/gm, '')
    .replace(/^\s*\* @enum \{\w+\}\n/gm, '')
    .replaceAll('@description ', '')
    .replace(/@default (.*?)( \*\/)?$/gm, 'Default: `$1`.$2');
}

/** The generated file's content. */
export async function generateTypes(): Promise<string> {
  const document = backendPart((await documentOf()) as Document);
  const nodes = await openapiTS(document as unknown as Parameters<typeof openapiTS>[0], { defaultNonNullable: false });
  const used = nodes.filter((node) => ts.isInterfaceDeclaration(node) && USED.includes(node.name.text));
  const text = withPlainComments(astToString(used.map(allowUndefined)));
  return format(HEADER + text, { ...(await resolveConfig(TYPES_FILE)), parser: 'typescript' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(TYPES_FILE, await generateTypes());
