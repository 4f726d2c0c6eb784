internal import FoundationEssentials
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Response {
    /// A JSON document, fields in order and a newline at its end, so that it reads well in a terminal.
    static func json(
        _ value: some Encodable,
        status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = ByteBuffer(bytes: try encoder.encode(value))
        bytes.writeString("\n")
        return Response(
            status: status,
            headers: [
                .contentType: "application/json", .contentLength: String(bytes.readableBytes),
                // A bundle's text is a secret: no cache may keep an answer.
                .cacheControl: "no-store",
            ],
            body: .init(byteBuffer: bytes)
        )
    }

    /// Plain text.
    static func text(_ text: String, type: String) -> Response {
        let bytes = ByteBuffer(string: text)
        return Response(
            status: .ok,
            headers: [.contentType: type, .contentLength: String(bytes.readableBytes)],
            body: .init(byteBuffer: bytes)
        )
    }
}
