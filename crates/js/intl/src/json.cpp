#include "json.h"

#include <cstdlib>

namespace intl {

namespace {

constexpr int DEEPEST = 8;

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    Value value(int depth) {
        skip();
        Value value;
        size_t start = at_;
        if (depth > DEEPEST || at_ >= text_.size()) return fail();
        char first = text_[at_];
        if (first == '[') {
            at_++;
            value.kind = Value::Array;
            skip();
            if (peek() == ']') {
                at_++;
            } else {
                while (!failed_) {
                    value.items.push_back(this->value(depth + 1));
                    skip();
                    char next = peek();
                    at_++;
                    if (next == ']') break;
                    if (next != ',') return fail();
                }
            }
        } else if (first == '"') {
            value.kind = Value::String;
            string(value.text);
        } else if (first == 't' && text_.substr(at_, 4) == "true") {
            value.kind = Value::Bool;
            value.truth = true;
            at_ += 4;
        } else if (first == 'f' && text_.substr(at_, 5) == "false") {
            value.kind = Value::Bool;
            at_ += 5;
        } else if (first == 'n' && text_.substr(at_, 4) == "null") {
            at_ += 4;
        } else {
            size_t end = at_;
            while (end < text_.size() && end - at_ < 64 &&
                   std::string_view("+-.0123456789eE").find(text_[end]) != std::string_view::npos) end++;
            if (end == at_) return fail();
            std::string digits(text_.substr(at_, end - at_));
            value.kind = Value::Number;
            value.number = std::strtod(digits.c_str(), nullptr);
            at_ = end;
        }
        value.raw = text_.substr(start, at_ - start);
        return failed_ ? Value() : value;
    }

  private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip() {
        while (peek() == ' ' || peek() == '\n') at_++;
    }
    Value fail() {
        failed_ = true;
        at_ = text_.size();
        return Value();
    }
    void string(icu::UnicodeString& out) {
        at_++;
        size_t run = at_;
        auto flush = [&] {
            if (at_ > run) out.append(icu::UnicodeString::fromUTF8(icu::StringPiece(text_.data() + run, static_cast<int32_t>(at_ - run))));
        };
        while (at_ < text_.size()) {
            char next = text_[at_];
            if (next == '"') {
                flush();
                at_++;
                return;
            }
            if (next != '\\') {
                at_++;
                continue;
            }
            flush();
            char escaped = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
            at_ += 2;
            switch (escaped) {
                case 'b': out.append(u'\b'); break;
                case 'f': out.append(u'\f'); break;
                case 'n': out.append(u'\n'); break;
                case 'r': out.append(u'\r'); break;
                case 't': out.append(u'\t'); break;
                case 'u': {
                    if (at_ + 4 > text_.size()) {
                        fail();
                        return;
                    }
                    std::string digits(text_.substr(at_, 4));
                    out.append(static_cast<char16_t>(std::strtoul(digits.c_str(), nullptr, 16)));
                    at_ += 4;
                    break;
                }
                default: out.append(static_cast<char16_t>(escaped));
            }
            run = at_;
        }
        fail();
    }

    std::string_view text_;
    size_t at_ = 0;
    bool failed_ = false;
};

const Value NOTHING;

}  // namespace

std::string Value::ascii() const {
    std::string ascii;
    for (int32_t i = 0; i < text.length(); i++) {
        char16_t unit = text.charAt(i);
        ascii += unit > 0 && unit < 0x7f ? static_cast<char>(unit) : '\x7f';
    }
    return ascii;
}

const Value& Value::at(size_t index) const { return index < items.size() ? items[index] : NOTHING; }

Value parse(std::string_view text) { return Parser(text).value(0); }

void Writer::ascii(std::string_view text) {
    icu::UnicodeString units = icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    this->text(units);
}

void Writer::units(const char16_t* units, int32_t length) {
    static const char HEX[] = "0123456789abcdef";
    auto escape = [&](char16_t unit) {
        out += "\\u";
        for (int shift = 12; shift >= 0; shift -= 4) out += HEX[(unit >> shift) & 15];
    };
    out += '"';
    for (int32_t i = 0; i < length; i++) {
        char16_t unit = units[i];
        if (unit == u'"' || unit == u'\\') {
            out += '\\';
            out += static_cast<char>(unit);
        } else if (unit < 0x20) {
            escape(unit);
        } else if (unit < 0x80) {
            out += static_cast<char>(unit);
        } else if (unit < 0x800) {
            out += static_cast<char>(0xc0 | unit >> 6);
            out += static_cast<char>(0x80 | (unit & 63));
        } else if (unit < 0xd800 || unit > 0xdfff) {
            out += static_cast<char>(0xe0 | unit >> 12);
            out += static_cast<char>(0x80 | (unit >> 6 & 63));
            out += static_cast<char>(0x80 | (unit & 63));
        } else if (unit < 0xdc00 && i + 1 < length && units[i + 1] >= 0xdc00 && units[i + 1] <= 0xdfff) {
            uint32_t point = 0x10000 + ((unit - 0xd800u) << 10) + (units[++i] - 0xdc00u);
            out += static_cast<char>(0xf0 | point >> 18);
            out += static_cast<char>(0x80 | (point >> 12 & 63));
            out += static_cast<char>(0x80 | (point >> 6 & 63));
            out += static_cast<char>(0x80 | (point & 63));
        } else {
            escape(unit);
        }
    }
    out += '"';
}

}  // namespace intl
