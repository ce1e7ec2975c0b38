# acme-client for Ruby, which GitLab uses: its CSRs say that they are of version 3.

require 'acme-client'

NAMES = ARGV
WEBROOT = ENV.fetch('WEBROOT')

# Binds the account to the EAB credential, which the version of Debian 12 does not do yet.
class BoundClient < Acme::Client
  private

  def post(url, payload: {}, mode: :kid)
    bound = mode == :jws ? payload.merge(externalAccountBinding: binding_for(url)) : payload
    super(url, payload: bound, mode: mode)
  end

  def binding_for(url)
    encode = ->(bytes) { Acme::Client::Util.urlsafe_base64(bytes) }
    protected = encode.({ alg: 'HS256', kid: ENV.fetch('EAB_KID'), url: url }.to_json)
    payload = encode.(jwk.to_h.to_json)
    mac_key = Base64.urlsafe_decode64(ENV.fetch('EAB_MAC_KEY'))
    mac = OpenSSL::HMAC.digest('SHA256', mac_key, "#{protected}.#{payload}")
    { protected: protected, payload: payload, signature: encode.(mac) }
  end
end

def wait_for(resource, *statuses)
  60.times do
    return resource if statuses.include?(resource.status)
    raise resource.inspect if resource.status == 'invalid'

    sleep 0.5
    resource.reload
  end
  raise 'waited in vain'
end

def issue(client)
  order = client.new_order(identifiers: NAMES)
  order.authorizations.reject { |each| each.status == 'valid' }.each do |authorization|
    challenge = authorization.http
    File.write("#{WEBROOT}/#{challenge.token}", challenge.file_content)
    challenge.request_validation
    wait_for(challenge, 'valid')
  end
  wait_for(order, 'ready')
  order.finalize(csr: Acme::Client::CertificateRequest.new(names: NAMES))
  wait_for(order, 'valid').certificate
end

client = BoundClient.new(
  private_key: OpenSSL::PKey::RSA.new(2048),
  directory: ENV.fetch('DIRECTORY'),
  bad_nonce_retry: 1
)
client.new_account(contact: 'mailto:admin@example.com', terms_of_service_agreed: true)
File.write('first.pem', issue(client))
client.account_update(contact: 'mailto:other@example.com')
client.account_key_change(new_private_key: OpenSSL::PKey::EC.generate('prime256v1'))
File.write('second.pem', issue(client))
client.revoke(certificate: File.read('second.pem'), reason: 4)
