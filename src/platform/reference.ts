// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The reference of a verifier's interface as a page, made from its OpenAPI description: `/openapi.html`.
 *
 * Served by the verifier itself, without scripts and without anything from elsewhere, so that the page works
 * offline and its Content-Security-Policy allows nothing but one style sheet.
 *
 * @module
 */
import type { Context, Env, Hono, Schema } from 'hono';
import { html, raw } from 'hono/html';
import { REFERENCE_STYLE, REFERENCE_TEXTS, type ReferenceTexts } from './reference_parts.ts';

type Html = ReturnType<typeof html>;

/** The part of JSON Schema that the description uses. */
interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly additionalProperties?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: JsonSchema }>>;
}

interface Operation {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: JsonSchema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}

interface Description {
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** Schemas inside schemas that are shown in place; deeper ones say their type alone. */
const DEPTH = 4;

/**
 * Serves the page and its style sheet.
 *
 * @param app - The verifier.
 * @param describe - Its OpenAPI 3.1 document.
 */
export function mountReference<E extends Env, S extends Schema, Path extends string>(
  app: Hono<E, S, Path>,
  describe: () => object,
): void {
  app.get('/openapi.html', async (c) => {
    c.header('Content-Security-Policy', POLICY);
    return c.html(await page(describe() as Description, textsOf(c)));
  });
  app.get('/openapi.css', (c) => c.body(REFERENCE_STYLE, 200, { 'Content-Type': 'text/css; charset=utf-8' }));
}

function textsOf(c: Context): ReferenceTexts {
  const chosen = c.req.query('lang') ?? c.req.header('accept-language') ?? '';
  return REFERENCE_TEXTS[/^\s*zh/i.test(chosen) ? 'zh' : 'en'];
}

function page({ info, servers, paths, components }: Description, t: ReferenceTexts): Html {
  const operations = Object.entries(paths).flatMap(([path, byMethod]) =>
    Object.entries(byMethod).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const schemas = Object.entries(components.schemas);
  return html`<!doctype html>
    <html lang="${t.tag}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title} ${info.version}</title>
        <link rel="stylesheet" href="openapi.css" />
      </head>
      <body>
        <header>
          <h1>${info.title}</h1>
          <p>${t.lead} <code>${servers[0]?.url ?? ''}</code></p>
          <p>
            <a href="openapi.json">openapi.json</a> · <a href="?lang=en" lang="en">English</a> ·
            <a href="?lang=zh" lang="zh">中文</a>
          </p>
          <nav aria-label="${t.contents}">
            <ul>
              ${operations.map(
                ({ path, method }) => html`<li><a href="#${anchorOf(method, path)}">${method} ${path}</a></li>`,
              )}
            </ul>
          </nav>
        </header>
        <main>
          ${operations.map(({ path, method, operation }) => operationSection(path, method, operation, t))}
          <h2 id="schemas">${t.schemas}</h2>
          ${schemas.map(
            ([name, schema]) =>
              html`<section id="schema-${name}">
                <h3><code>${name}</code></h3>
                ${schemaBlock(schema, t)}
              </section>`,
          )}
        </main>
      </body>
    </html>`;
}

function anchorOf(method: string, path: string): string {
  return `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+/g, '-')}`;
}

function operationSection(path: string, method: string, operation: Operation, t: ReferenceTexts): Html {
  const { parameters = [], requestBody, responses, security } = operation;
  return html`<section id="${anchorOf(method, path)}">
    <h2><span class="method">${method}</span> <code>${path}</code></h2>
    <p>${operation.summary ?? ''}</p>
    <p class="who">${security === undefined ? t.open : t.bearer}</p>
    ${
      parameters.length === 0
        ? ''
        : html`<h3>${t.parameters}</h3>
            <dl>
              ${parameters.map(
                (parameter) =>
                  html`<dt>
                      <code>${parameter.name}</code>
                      <small>${parameter.in}${parameter.required === true ? `, ${t.required}` : ''}</small>
                    </dt>
                    <dd>${typeOf(parameter.schema ?? {}, 0, t)} ${parameter.description ?? ''}</dd>`,
              )}
            </dl>`
    }
    ${
      requestBody === undefined
        ? ''
        : html`<h3>${t.body}</h3>
            ${contentBlock(requestBody, t)}`
    }
    <h3>${t.answers}</h3>
    <dl>
      ${Object.entries(responses).map(
        ([status, response]) =>
          html`<dt>${status}</dt>
            <dd>${response.description}${contentBlock(response, t)}</dd>`,
      )}
    </dl>
  </section>`;
}

function contentBlock({ content = {} }: Content, t: ReferenceTexts): Html {
  const entries = Object.entries(content).map(
    ([type, { schema }]) => html`<p class="type"><code>${type}</code> ${typeOf(schema ?? {}, 0, t)}</p>`,
  );
  return html`${entries}`;
}

function schemaBlock(schema: JsonSchema, t: ReferenceTexts): Html {
  return html`${schema.description === undefined ? '' : html`<p>${schema.description}</p>`} ${typeOf(schema, 0, t)}`;
}

/** A schema in words; those with a name of their own are linked. */
function typeOf(schema: JsonSchema, depth: number, t: ReferenceTexts): Html {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return html`<a href="#schema-${name}"><code>${name}</code></a>`;
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined) return joined(schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code>`));
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts !== undefined) return joined(parts.map((part) => typeOf(part, depth + 1, t)));
  if (schema.properties !== undefined && depth < DEPTH) return propertyList(schema, depth, t);
  if (schema.items !== undefined) return html`${t.listOf} ${typeOf(schema.items, depth + 1, t)}`;
  return html`<code>${[schema.type ?? 'any'].flat().join(' | ')}</code>${boundsOf(schema)}`;
}

function joined(parts: readonly Html[]): Html {
  return html`${parts.map((part, i) => (i === 0 ? part : html` ${raw('|')} ${part}`))}`;
}

function boundsOf({ format, minimum, maximum, minLength, maxLength }: JsonSchema): string {
  const range = (from: number | undefined, to: number | undefined): string =>
    from === undefined && to === undefined ? '' : ` ${String(from ?? 0)}–${String(to ?? '∞')}`;
  return `${format === undefined ? '' : ` ${format}`}${range(minimum ?? minLength, maximum ?? maxLength)}`;
}

function propertyList({ properties = {}, required = [] }: JsonSchema, depth: number, t: ReferenceTexts): Html {
  return html`<dl>
    ${Object.entries(properties).map(
      ([name, property]) =>
        html`<dt><code>${name}</code> <small>${required.includes(name) ? t.required : t.optional}</small></dt>
          <dd>
            ${typeOf(property, depth + 1, t)} ${property.description ?? ''}
            ${property.default === undefined ? '' : html`${t.byDefault} <code>${JSON.stringify(property.default)}</code>`}
          </dd>`,
    )}
  </dl>`;
}
