;; HTTP/1.1 on the bare socket: what a server framework does for you. The parser is fast-http, the one that Wookie uses.

(ql:quickload '(:cl-async :fast-http :babel))

(defparameter *longest-body* (* 1024 1024))

;; [state] What hangs on the socket's data: the request that is coming in and its parser, a closure.
(defstruct client
  (http (fast-http:make-http-request))
  (body '())
  parser)

(defun head (&rest lines)
  "The lines and an empty one, each with CR LF."
  (with-output-to-string (out)
    (dolist (line (append (remove nil lines) '("")))
      (format out "~a~c~c" line #\Return #\Newline))))

(defun respond (socket status body &key close)
  (as:write-socket-data socket (head (format nil "HTTP/1.1 ~a" status)
                                     "Content-Type: text/plain"
                                     (format nil "Content-Length: ~d" (length body))
                                     (when close "Connection: close")))
  (as:write-socket-data socket body)
  (when close (as:close-socket socket)))

;; [answer] Date is left out; the framing and Connection are ours to add.
(defun answer (socket client)
  (let ((method (fast-http:http-method (client-http client)))
        (path (fast-http:http-resource (client-http client))))
    (cond ((and (eq method :get) (string= path "/"))
           (respond socket "200 OK" (babel:string-to-octets (format nil "hello, world~%"))))
          ((and (eq method :post) (string= path "/echo"))
           (respond socket "200 OK" (apply #'concatenate '(vector (unsigned-byte 8)) (reverse (client-body client)))))
          (t (respond socket "404 Not Found" (babel:string-to-octets (format nil "no such page~%")))))
    (setf (client-body client) '())))

;; [parse] The parser's calls, made while it is fed.
(defun make-parser (socket client)
  (fast-http:make-parser (client-http client)
                         :body-callback (lambda (data start end)
                                          (push (subseq data start end) (client-body client)))
                         :finish-callback (lambda () (answer socket client))))

;; [made] Nothing is said before the client has asked.
(defun connected (socket)
  (let ((client (make-client)))
    (setf (client-parser client) (make-parser socket client)
          (as:socket-data socket) client)))

;; [data] Requests may come in pieces.
(defun read-data (socket data)
  (let ((client (as:socket-data socket)))
    (handler-case (funcall (client-parser client) data)
      (fast-http:fast-http-error ()
        ;; [failed] After a request that cannot be read nobody knows where the next begins: answer and close.
        (respond socket "400 Bad Request" #() :close t)))
    (when (> (reduce #'+ (client-body client) :key #'length) *longest-body*)
      (respond socket "413 Content Too Large" #() :close t))))

;; [slow] cl-async has no such thing: what is not read piles up.

;; [listen] Until the loop is left.
(as:with-event-loop ()
  (as:tcp-server "127.0.0.1" 8080 #'read-data :connect-cb #'connected))
