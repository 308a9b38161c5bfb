// A small REST service: books in memory. Its clients know nothing of MCP, and it knows nothing of the gateway.
//   node examples/rest-to-mcp/service/server.ts

import { createServer, type IncomingMessage } from "node:http";

interface Book {
  id: string;
  title: string;
  year?: number;
}

const books = new Map<string, Book>([["1", { id: "1", title: "The Book of Tea", year: 1906 }]]);

async function bodyOf(request: IncomingMessage): Promise<Partial<Book>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Partial<Book>;
}

async function answer(request: IncomingMessage): Promise<[number, unknown]> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, collection, id] = url.pathname.split("/").map(decodeURIComponent);
  if (collection !== "books") return [404, { message: "no such resource" }];
  if (id) {
    const book = books.get(id);
    return book ? [200, book] : [404, { message: `no book ${id}` }];
  }
  if (request.method !== "POST") {
    const words = (url.searchParams.get("title") ?? "").toLowerCase();
    return [200, { books: [...books.values()].filter(({ title }) => title.toLowerCase().includes(words)) }];
  }
  const { title, year } = await bodyOf(request);
  if (!title) return [400, { message: "a book has a title" }];
  const book: Book = { id: String(books.size + 1), title, year };
  books.set(book.id, book);
  return [201, book];
}

createServer((request, response) => {
  answer(request)
    .catch((): [number, unknown] => [400, { message: "the body is not JSON" }])
    .then(([status, body]) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
}).listen(3100, "127.0.0.1", () => console.log("books at http://127.0.0.1:3100/books"));
