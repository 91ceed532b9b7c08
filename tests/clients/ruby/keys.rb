# A Ruby server reads the tenant over https, and verifies an ID token as omniauth-auth0 does: by the certificate in `x5c`, which is all
# that it reads of a key set. Ruby's own library alone.

require 'json'
require 'net/http'
require 'openssl'
require 'uri'

ISSUER = ENV.fetch('ISSUER')

def post(path, fields)
  answer = Net::HTTP.post_form(URI("#{ISSUER}#{path}"), fields)
  raise "#{answer.code} #{answer.body}" unless answer.is_a?(Net::HTTPOK)

  JSON.parse(answer.body)
end

def bytes(text)
  text.tr('-_', '+/').unpack1('m')
end

token = post('oauth/token', {
  grant_type: 'password', client_id: 'web-client', client_secret: 'web-secret',
  username: 'jane@example.com', password: 'jane-secret', scope: 'openid'
}).fetch('id_token')
header, claims, signature = token.split('.')
kid = JSON.parse(bytes(header)).fetch('kid')

keys = JSON.parse(Net::HTTP.get(URI("#{ISSUER}.well-known/jwks.json"))).fetch('keys')
key = keys.find { |known| known['kid'] == kid && known['x5c'] } or raise 'Could not find a public key'
der = key['x5c'].first.unpack1('m')
certificate = OpenSSL::X509::Certificate.new(der)
raise 'the signature is wrong' unless certificate.public_key.verify('SHA256', bytes(signature), "#{header}.#{claims}")
raise 'the certificate is not signed by its key' unless certificate.verify(certificate.public_key)
raise 'x5t' unless OpenSSL::Digest::SHA1.digest(der) == bytes(key['x5t'])
raise 'another token' if certificate.public_key.verify('SHA256', bytes(signature), "#{header}.#{claims}x")
raise 'no claims of the Action' unless JSON.parse(bytes(claims))['https://example.com/hobby'] == 'surfing'

puts 'Ruby: all well'
